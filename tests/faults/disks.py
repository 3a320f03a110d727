"""Owns faults of disks: no room for temporary files or for outputs, no directory for them, devices that are full."""

import os
import subprocess
from pathlib import Path

import material as m
from fault import Fault, analyze, full_device, root

ATTEMPTS = 600
# What is turned round in memory is small; this is more.
TURNED = 3000
GONE = {"TMPDIR": "/no/such/directory"}
FULL = {"TMPDIR": "small"}
# What an attempt needs, besides its record: 600 records are more than the small disk holds.
SMALL_KIB = 64


def with_small_disk(make):
    """Returns what makes a disk of a few kilobytes beside the inputs; it goes when the run has ended."""
    def build(place: Path):
        make(place)
        small = place / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_KIB}k", "tmpfs", str(small)], check=True)
        (small / "old.json").write_bytes(b"what stood here before\n")
        return lambda: subprocess.run(["umount", str(small)], check=True)
    return build


def mountable():
    """Says why no disk can be mounted: a container may keep even root from it."""
    if (why := root()) is not None:
        return why
    return None if os.path.exists("/proc/self/mounts") and _mounts() else "this machine lets nobody mount a disk"


def _mounts() -> bool:
    done = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True)
    return done.returncode == 0


def newest_first(place: Path):
    m.newest_first(place / "in", TURNED)


def in_order(place: Path):
    (place / "in").write_bytes(m.ndjson(1, ATTEMPTS + 1))


def nothing_but(*names):
    """Says which files stand on the small disk besides these."""
    def afterwards(place: Path):
        return [f"leaves small/{name}" for name in os.listdir(place / "small") if name not in ("old.json", *names)]
    return afterwards


def no_file(*names):
    def afterwards(place: Path):
        return [f"{name} was written, though not whole" for name in names if (place / name).exists()]
    return afterwards


# Room for temporary files: no disk has it, or none is there.
NO_ROOM = (
    ("temporary disk full", with_small_disk, FULL, (mountable,)),
    ("no temporary directory", lambda make: make, GONE, ()),
)
TEMPORARY = [
    fault
    for what, wrap, environment, needs in NO_ROOM
    for fault in (
        Fault(f"{what}: newest event first", wrap(newest_first), analyze("in"), 3, says=("in: .*temporary file",),
              attempts=range(TURNED), complete=False, environment=environment, needs=needs),
        Fault(f"{what}: newest event first, with a gate", wrap(newest_first),
              [*analyze("in"), "--fail-on", f"failed >= {TURNED}"], 3, says=("temporary file",),
              attempts=range(TURNED), complete=False, environment=environment, needs=needs),
        Fault(f"{what}: a summary needs none", wrap(in_order), analyze("in"), 0, attempts=ATTEMPTS, complete=True,
              environment=environment, needs=needs),
        Fault(f"{what}: records", wrap(in_order), ["analyze", "in", "--format", "ndjson"], 3, says=("temporary file",),
              answer=None, environment=environment, needs=needs),
        Fault(f"{what}: records beside a summary", wrap(in_order),
              [*analyze("in"), "--report", "ndjson=records", "--report", "csv=numbers.csv"], 3,
              says=("records: .*temporary file",), attempts=ATTEMPTS, environment=environment, needs=needs,
              afterwards=lambda place: [*no_file("records")(place),
                                        *([] if (place / "numbers.csv").exists() else ["numbers.csv is not there"])]),
        Fault(f"{what}: a ledger", wrap(in_order), [*analyze("in"), "--ledger", "ledger.csv"], {0, 3},
              attempts=ATTEMPTS, environment=environment, needs=needs),
    )
]
OUTPUTS = [
    Fault("output disk full", with_small_disk(in_order),
          ["analyze", "in", "--format", "ndjson", "--output", "small/new.ndjson"], 3,
          says=("small/new.ndjson: .*space",), answer=None, needs=(mountable,), afterwards=nothing_but()),
    Fault("output disk full: the old file stays", with_small_disk(in_order),
          ["analyze", "in", "--format", "ndjson", "--output", "small/old.json"], 3,
          says=("small/old.json: .*space",), answer=None, needs=(mountable,), afterwards=nothing_but()),
    Fault("output disk full: a report, beside an answer", with_small_disk(in_order),
          [*analyze("in"), "--report", "ndjson=small/new.ndjson"], 3, says=("small/new.ndjson: .*space",),
          attempts=ATTEMPTS, complete=True, needs=(mountable,), afterwards=nothing_but()),
    Fault("output disk full: a ledger", with_small_disk(in_order), [*analyze("in"), "--ledger", "small/ledger.json"], 3,
          says=("small/ledger.json: .*space",), attempts=ATTEMPTS, needs=(mountable,), afterwards=nothing_but()),
]
COMMANDS = {
    "analyze": ["analyze", "in"], "show": ["show", m.request_id(1), "in"], "diff": ["diff", "in", "in"],
    "demo": ["demo"], "explain": ["explain"], "explain a code": ["explain", "timeout.invoke"],
    "schema": ["schema", "summary"], "metrics": ["metrics"], "completions": ["completions", "bash"],
    "--help": ["--help"], "--version": ["--version"], "analyze --help": ["analyze", "--help"], "help": ["help"],
}


def two_attempts(place: Path):
    (place / "in").write_bytes(m.ndjson(1, 3))


DEVICES = [
    Fault(f"standard output full: {name}", two_attempts, arguments, 3, says=("standard output: .*space",), answer=None,
          stdout="/dev/full", needs=(full_device,))
    for name, arguments in COMMANDS.items()
] + [
    # A reader that has seen enough is no error.
    Fault(f"standard output closed by its reader: {name}", two_attempts, arguments, 0, answer=None, stdout="closed")
    for name, arguments in COMMANDS.items()
] + [
    Fault("--output /dev/full", in_order, [*analyze("in"), "--output", "/dev/full"], 3, says=("/dev/full: .*space",),
          answer=None, needs=(full_device,)),
    Fault("--output /dev/null", in_order, [*analyze("in"), "--output", "/dev/null"], 0, answer=None,
          afterwards=lambda place: [] if Path("/dev/null").is_char_device() else ["/dev/null is no device any more"]),
    Fault("--report to /dev/full, beside an answer", in_order, [*analyze("in"), "--report", "csv=/dev/full"], 3,
          says=("/dev/full: .*space",), attempts=ATTEMPTS, complete=True, needs=(full_device,)),
]

FAULTS = TEMPORARY + OUTPUTS + DEVICES
