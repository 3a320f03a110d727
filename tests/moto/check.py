"""Loads a made corpus into moto, pulls it, and compares with `analyze` of the same corpus as files.

Usage: check.py PROGRAM. Starts moto_server on a free loopback port and stops it at the end.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import boto3

ACCOUNT = "123456789012"
HOUR_MS = 3_600_000
EVENTS_A_CALL = 1_000
REGIONS = ["eu-west-1", "us-east-1"]
# Log group, the functions that write to it, attempts of each.
GROUPS = [
    ("/aws/lambda/orders-api", ["orders-api"], 2_600),
    ("/aws/lambda/orders-mail", ["orders-mail"], 40),
    ("/aws/lambda/quiet", ["quiet"], 0),
    ("/acme/shared", ["payments", "thumbnails", "reports"], 60),
]


def environment(url):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return clean | {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGIONS[0],
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": url,
        "NO_PROXY": "127.0.0.1",
    }


def start_server():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("moto_server")
    server = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server, f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.1)
    server.kill()
    raise SystemExit("moto_server did not start")


def attempts(function, region, count, shared, end_ms):
    """The events of `count` runs of a function, as (time, stream, message)."""
    space = uuid.uuid5(uuid.NAMESPACE_URL, f"{region}/{function}")
    prefix = f"{function}[7]" if shared else "[$LATEST]"
    day = time.strftime("%Y/%m/%d", time.gmtime((end_ms - HOUR_MS) / 1000))
    for number in range(count):
        request = uuid.uuid5(space, str(number))
        stream = f"{day}/{prefix}{uuid.uuid5(space, f'environment {number // 200}').hex}"
        at = end_ms - HOUR_MS + 60_000 + number * (HOUR_MS - 120_000) // count
        yield at, stream, f"START RequestId: {request} Version: $LATEST\n"
        yield at + 1, stream, f'[INFO]\t{request}\torder {number}: "taken", \u00e4\u4e16\n'
        kind = number % 17
        if kind == 3:
            yield at + 2, stream, f"2026-01-01T00:00:00.000Z {request} Task timed out after 3.00 seconds\n\n"
        if kind == 5:
            yield at + 2, stream, (
                "[ERROR] KeyError: 'id'\nTraceback (most recent call last):\n"
                '  File "/var/task/app.py", line 7, in handler\n    return order["id"]\n'
            )
        yield at + 3, stream, f"END RequestId: {request}\n"
        duration, cap = ("3000.00", 60) if kind == 3 else ("12.00", 60)
        yield at + 3, stream, (
            f"REPORT RequestId: {request}\tDuration: {duration} ms\tBilled Duration: {float(duration):.0f} ms\t"
            f"Memory Size: 128 MB\tMax Memory Used: {cap} MB\t\n"
        )


def load(url, end_ms, folder):
    """Puts the corpus into the server, and into one NDJSON file per log group."""
    total = 0
    for region in REGIONS:
        logs = boto3.client("logs", region_name=region, endpoint_url=url)
        for group, functions, count in GROUPS:
            logs.create_log_group(logGroupName=group)
            shared = len(functions) > 1
            events = sorted(
                (event for function in functions for event in attempts(function, region, count, shared, end_ms)),
                key=lambda event: event[0],
            )
            put(logs, group, events)
            total += len(events)
            name = group.strip("/").replace("/", "-")
            with open(folder / f"{region}-{name}.ndjson", "w", encoding="utf-8") as out:
                for at, stream, message in events:
                    line = {"timestamp": at, "logGroup": group, "logStream": stream, "accountId": ACCOUNT}
                    print(json.dumps(line | {"region": region, "message": message}), file=out)
    return total


def put(logs, group, events):
    streams = {}
    for at, stream, message in events:
        streams.setdefault(stream, []).append({"timestamp": at, "message": message})
    for stream, of_stream in streams.items():
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        for first in range(0, len(of_stream), EVENTS_A_CALL):
            logs.put_log_events(
                logGroupName=group, logStreamName=stream, logEvents=of_stream[first : first + EVENTS_A_CALL]
            )


def answer(program, arguments, folder, env, statuses=(0,)):
    done = subprocess.run([program, *arguments, "--format", "json"], cwd=folder, env=env, capture_output=True)
    if done.returncode not in statuses:
        raise SystemExit(f"{arguments}: status {done.returncode}\n{done.stderr.decode()}")
    return done.stdout


def facts(text, functions=None):
    """What both ways must agree on: everything but the places of lines."""

    def strip(value):
        if isinstance(value, dict):
            return {key: strip(item) for key, item in value.items() if key not in ("input", "line_number", "examples")}
        return [strip(item) for item in value] if isinstance(value, list) else value

    summary = json.loads(text)
    rows = [row for row in summary["functions"] if functions is None or row["function"] in functions]
    return strip(summary["totals"]) if functions is None else None, strip(rows)


def run(check):
    """Calls check(program, url, folder) with a server of its own, whose keys boto3 finds in the environment."""
    program = str(Path(sys.argv[1]).resolve())
    server, url = start_server()
    try:
        env = environment(url)
        os.environ.update({name: env[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "NO_PROXY")})
        os.environ.pop("AWS_ENDPOINT_URL", None)
        with tempfile.TemporaryDirectory() as folder:
            check(program, url, Path(folder))
    finally:
        server.terminate()
        server.wait()


def check(program, url, folder):
    env = environment(url)
    corpus = folder / "corpus"
    corpus.mkdir()
    end_ms = int(time.time() * 1000) - 10 * 60_000
    total = load(url, end_ms, corpus)
    assert total > 20_000, total

    moment = lambda ms: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms / 1000)) + f".{ms % 1000:03}Z"
    window = ["--from", moment(end_ms - HOUR_MS), "--to", moment(end_ms)]
    regions = [argument for region in REGIONS for argument in ("--region", region)]
    pull = ["pull", *window, *regions, "--max-rate", "200"]

    everything = answer(program, [*pull, "--all", "--log-group", "/acme/*", "--save", "all.ndjson.zst"], folder, env)
    assert json.loads(everything)["coverage"]["log_events"] == total
    assert answer(program, ["analyze", "all.ndjson.zst"], folder, env) == everything, "the saved file answers otherwise"
    files = answer(program, ["analyze", "corpus", *window], folder, env)
    assert facts(files) == facts(everything), "the files answer otherwise"

    again = [*pull, "--all", "--log-group", "/acme/*", "--save", "again.ndjson.zst"]
    answer(program, again, folder, env)
    same = (folder / "all.ndjson.zst").read_bytes() == (folder / "again.ndjson.zst").read_bytes()
    assert same, "two pulls of the same events make different files"

    some = answer(program, [*pull, "orders-*", "--region", "eu-west-1"][:], folder, env)
    assert facts(some, ["orders-api", "orders-mail"])[1] == facts(files, ["orders-api", "orders-mail"])[1]

    missing = answer(program, [*pull, "orders-mail", "never-ran"], folder, env, statuses=(3,))
    assert "never-ran" in json.dumps(json.loads(missing)["coverage"]["inputs_unreadable"])
    print(f"pull against moto: {total} events in {len(GROUPS)} groups of {len(REGIONS)} regions, all answers equal")


if __name__ == "__main__":
    run(check)
