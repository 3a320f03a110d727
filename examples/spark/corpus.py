"""Writes logs of invented functions as an export to S3 writes them: PREFIX/TASK/STREAM/000000.gz.

    python3 corpus.py DIR BYTES [SEED]

BYTES counts decompressed text. Events that fail are tried again after a minute or two, mostly in another environment, so that
the attempts of an event stand in several log streams.
"""

import gzip
import os
import random
import sys
import uuid
from datetime import datetime, timedelta, timezone

TASK = "6f1d2c3b-0a9e-4b87-9c65-d4e3f2a1b0c9"
START = datetime(2026, 10, 1, 21, 0, tzinfo=timezone.utc)
FUNCTIONS = 40
# Attempts of one environment.
LIFE = 120

ERRORS = [
    '[ERROR] KeyError: \'order_id\'\nTraceback (most recent call last):\n  File "/var/task/app.py", line 31, in handler\n'
    "    return charge(event['order_id'])",
    "[ERROR] ConnectionError: connection to db.internal.example.com:5432 refused\nTraceback (most recent call last):\n"
    '  File "/var/task/app.py", line 44, in handler\n    rows = query(event)\n  File "/var/task/db.py", line 12, in query\n'
    "    raise ConnectionError(text)",
]


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


class Environment:
    """One execution environment of one function."""

    def __init__(self, function, at, rng):
        self.function, self.at, self.rng = function, at, rng
        self.version = str(7 + function % 3)
        self.name = f"{at:%Y-%m-%d}-[{self.version}]{rng.getrandbits(128):032x}"
        self.text, self.size, self.attempts = [], 0, 0
        self.say("INIT_START Runtime Version: python:3.12.v38\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0a1b", 0)

    def say(self, message, after):
        self.at += timedelta(milliseconds=after)
        line = f"{stamp(self.at)} {message}\n"
        self.text.append(line)
        self.size += len(line)

    def attempt(self, request, at):
        """Runs one attempt; returns whether it failed."""
        rng = self.rng
        self.at = max(self.at + timedelta(milliseconds=5), at)
        self.attempts += 1
        self.say(f"START RequestId: {request} Version: {self.version}", 0)
        begun = self.at
        for step in range(rng.randrange(6, 20)):
            self.say(
                f"[INFO]\t{stamp(self.at)}\t{request}\tstep {step}: read 1 item from table orders-{self.function}, "
                f"etag {rng.getrandbits(64):016x}, {rng.randrange(900)} bytes left in the batch",
                rng.randrange(1, 9),
            )
        fate = rng.random()
        limit = 3000
        if fate < 0.02:
            self.say(ERRORS[rng.randrange(2)], 2)
        elif fate < 0.03:
            self.at = begun + timedelta(milliseconds=limit)
        duration = (self.at - begun).total_seconds() * 1000 + rng.randrange(100) / 100
        init = f"Init Duration: {200 + rng.randrange(40000) / 100:.2f} ms\t" if self.attempts == 1 else ""
        status = "Status: timeout\t" if 0.02 <= fate < 0.03 else ""
        if status:
            duration = limit
        self.say(f"END RequestId: {request}", 1)
        self.say(
            f"REPORT RequestId: {request}\tDuration: {duration:.2f} ms\tBilled Duration: {-(-duration // 1):.0f} ms\t"
            f"Memory Size: 256 MB\tMax Memory Used: {80 + rng.randrange(60)} MB\t{init}{status}",
            0,
        )
        return fate < 0.03

    def write(self, root):
        folder = os.path.join(root, f"service-{self.function}", TASK, self.name)
        os.makedirs(folder)
        with gzip.open(os.path.join(folder, "000000.gz"), "wt", compresslevel=1, encoding="utf-8") as file:
            file.write("".join(self.text))
        return self.size


def main():
    root, most, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng = random.Random(seed)
    written, again = 0, {function: [] for function in range(FUNCTIONS)}
    clock = dict.fromkeys(range(FUNCTIONS), START)
    while written < most:
        # A few functions have most of the work.
        function = int(FUNCTIONS * rng.random() ** 2)
        environment = Environment(function, clock[function], rng)
        waiting, again[function] = again[function], []
        for _ in range(LIFE):
            if waiting:
                request, tried, at = waiting.pop()
            else:
                request, tried, at = uuid.UUID(int=rng.getrandbits(128), version=4), 0, environment.at
            failed = environment.attempt(request, at + timedelta(milliseconds=rng.randrange(400)))
            if failed and tried < 2:
                again[function].append((request, tried + 1, environment.at + timedelta(seconds=60 * (tried + 1))))
        again[function] += waiting
        written += environment.write(root)
        clock[function] += timedelta(seconds=LIFE * rng.randrange(1, 3))
    print(written)


main()
