"""Owns faults of signals: the program is interrupted while it reads, and while it writes. What is known must be
printed, marked partial, and no temporary file may stay."""

import fcntl
import json
import os
import signal
import struct
import termios
import time
from pathlib import Path

import material as m
from fault import Fault, PLAIN, analyze, ended_by

# Enough for an output that takes some time to write, and what that may cost in memory: 128 bytes for each request id.
MANY = 20_000
MANY_MIB = PLAIN + MANY * 128 // m.MIB + 1
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def nothing(place: Path):
    pass


def until_read(pipe):
    """Waits until a pipe is empty, and some time more for what is done with that."""
    def unread() -> int:
        return struct.unpack("i", fcntl.ioctl(pipe.fileno(), termios.FIONREAD, bytes(4)))[0]

    until(lambda: unread() == 0, 5)
    time.sleep(0.2)


def after_reading(number: signal.Signals, times: int = 1):
    """Returns what sends a signal while the program waits for more of its input."""
    def during(process, place: Path):
        if process.stdin is not None:
            until_read(process.stdin)
        for _ in range(times):
            process.send(number)
            time.sleep(0.05)
        # It ends without an end of its input.
        until(process.ended, 3)
    return during


def until(holds, seconds: float) -> bool:
    """Waits for something, and returns whether it came."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if holds():
            return True
        time.sleep(0.001)
    return False


def while_writing(number: signal.Signals):
    """Returns what sends a signal when the temporary file of an output, which may have no name, has grown."""
    def grown(place: Path, process):
        with os.scandir(place / "out") as entries:
            if any(entry.name.startswith(".lambda-triage") and entry.stat().st_size > 0 for entry in entries):
                return True
        folder = Path(f"/proc/{process.pid}/fd")
        try:
            return any(os.readlink(folder / fd).startswith(f"{place}/out/") and os.stat(folder / fd).st_size > 0
                       for fd in os.listdir(folder))
        except OSError:
            return False

    def during(process, place: Path):
        until(lambda: process.ended() or grown(place, process), 8)
        process.send(number)
    return during


def many(place: Path):
    """Writes attempts whose records take a while, and an output that stood there before."""
    (place / "out").mkdir()
    (place / "out/old").write_bytes(b"what stood here before\n")
    with (place / "in").open("wb") as out:
        for first in range(1, MANY, 1000):
            out.write(m.ndjson(first, first + 1000))


def whole_or_old(place: Path):
    """Says what is wrong with an output that was interrupted: it is the old one, or whole lines of JSON."""
    for name in os.listdir(place / "out"):
        text = (place / "out" / name).read_bytes()
        if text == b"what stood here before\n":
            continue
        if name.startswith(".lambda-triage"):
            yield f"leaves out/{name}"
            continue
        try:
            for line in text.splitlines():
                json.loads(line)
        except ValueError:
            yield f"out/{name} is half written"


def held_pipe(number: signal.Signals):
    """Returns what feeds a named pipe, keeps it open, and then sends a signal."""
    def during(process, place: Path):
        with open(place / "in", "wb") as pipe:
            pipe.write(m.WHOLE)
            pipe.flush()
            until_read(pipe)
            after_reading(number)(process, place)
    return during


def partial_answer(place: Path):
    """Says what is wrong with an answer that went to a file."""
    path = place / "answer.json"
    if not path.exists():
        yield "what was known is not in answer.json"
    elif json.loads(path.read_bytes())["coverage"]["complete"]:
        yield "answer.json is called complete"


KNOWN = range(1, 2 * m.HALF + 1)
FAULTS = [
    fault
    for number in SIGNALS
    for status in (ended_by(number),)
    for name in (number.name,)
    for fault in (
        Fault(f"{name}: standard input stays open", nothing, analyze("-"), status,
              says=("interrupted|partial|stopped",), attempts=KNOWN, complete=False, stdin=m.WHOLE,
              during=after_reading(number)),
        Fault(f"{name}: the same, with a table", nothing, ["analyze", "-", "--function", "f"], status, answer=None,
              stdin=m.WHOLE, during=after_reading(number)),
        Fault(f"{name}: a named pipe stays open", lambda place: os.mkfifo(place / "in"), analyze("in"), status,
              attempts=KNOWN, complete=False, during=held_pipe(number)),
        # The one that stays open has no attempt; the other was read before or is not known yet.
        Fault(f"{name}: one input of two stays open", lambda place: (place / "in").write_bytes(m.FIRST),
              analyze("in", "-"), status, attempts=range(2 * m.HALF + 1), complete=False, stdin=b"",
              during=after_reading(number)),
        Fault(f"{name}: nothing was read yet", nothing, analyze("-"), status, attempts=0, complete=False, stdin=b"",
              during=after_reading(number)),
        Fault(f"{name}: a gate that failed", nothing, [*analyze("-"), "--fail-on", "failed > 0"], status,
              attempts=KNOWN, complete=False, stdin=m.WHOLE, during=after_reading(number)),
        Fault(f"{name}: the answer goes to a file", nothing, [*analyze("-"), "--output", "answer.json"], status,
              answer=None, stdin=m.WHOLE, during=after_reading(number), afterwards=partial_answer),
        Fault(f"{name}: while an output is written", many,
              ["analyze", "in", "--format", "ndjson", "--output", "out/new"], {0, status}, answer=None, peak=MANY_MIB,
              during=while_writing(number), afterwards=whole_or_old),
        Fault(f"{name}: while an output is replaced", many,
              ["analyze", "in", "--format", "ndjson", "--output", "out/old"], {0, status}, answer=None, peak=MANY_MIB,
              changes=("out/old",), during=while_writing(number), afterwards=whole_or_old),
        Fault(f"{name}: show", nothing, ["show", m.request_id(1), "-"], status, answer=None, stdin=m.WHOLE,
              during=after_reading(number)),
        Fault(f"{name}: diff", lambda place: (place / "in").write_bytes(m.FIRST), ["diff", "in", "-"], status,
              answer=None, stdin=m.WHOLE, during=after_reading(number)),
    )
] + [
    # Whoever presses twice wants it to end, with or without an answer.
    Fault("SIGINT twice", nothing, analyze("-"), {ended_by(signal.SIGINT), -signal.SIGINT}, answer=None, stdin=m.WHOLE,
          during=after_reading(signal.SIGINT, times=2)),
    # A terminal that is closed asks for no answer, but leaves nothing behind either.
    Fault("SIGHUP: while an output is written", many, ["analyze", "in", "--format", "ndjson", "--output", "out/new"],
          {0, -signal.SIGHUP, ended_by(signal.SIGHUP)}, answer=None, peak=MANY_MIB, during=while_writing(signal.SIGHUP),
          afterwards=whole_or_old),
]
