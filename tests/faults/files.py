"""Owns faults of inputs that are files: missing, special, unreadable, oddly named, cut and badly encoded ones."""

import json
import os
import socket
import threading
import time
from pathlib import Path

import material as m
from fault import Fault, analyze, root

ONE = m.log(1, 2)
# The one attempt that can be read, whatever stands beside it.
GOOD = 1


def beside_a_log(*makes):
    """Returns what makes a directory with a log and these beside it."""
    def build(place: Path):
        (place / "in").mkdir()
        (place / "in/good.log").write_bytes(ONE)
        for make in makes:
            make(place / "in")
    return build


def made(*makes):
    def build(place: Path):
        for make in makes:
            make(place)
    return build


def file(name, data, mode=0o644):
    def make(folder: Path):
        path = os.path.join(os.fsencode(folder), os.fsencode(name))
        with open(path, "wb") as out:
            out.write(data)
        os.chmod(path, mode)
    return make


def folder(name, mode=0o755):
    def make(place: Path):
        (place / name).mkdir()
        (place / name / "x.log").write_bytes(m.log(2, 3))
        (place / name).chmod(mode)
    return make


def link(name, target):
    return lambda place: (place / name).symlink_to(target)


def fifo(name):
    return lambda place: os.mkfifo(place / name)


def sock(name):
    def make(place: Path):
        listener = socket.socket(socket.AF_UNIX)
        # The name of a socket may have a hundred characters.
        here = os.getcwd()
        os.chdir(place)
        listener.bind(name)
        os.chdir(here)
        listener.close()
    return make


def gap(name, size):
    """Returns what makes a file of zeros that takes no room."""
    def make(folder: Path):
        with open(folder / name, "wb") as out:
            out.truncate(size)
    return make


def device(name):
    return lambda place: os.mknod(place / name, 0o20666, os.makedev(1, 5))


def feed(name, data):
    """Returns what writes into a named pipe, as another program would."""
    def during(process, place: Path):
        def write():
            with open(place / name, "wb") as out:
                out.write(data)
        threading.Thread(target=write, daemon=True).start()
    return during


def while_it_waits(act):
    """Returns what acts once the program waits for standard input."""
    def during(process, place: Path):
        time.sleep(0.2)
        act(place)
    return during


NAMED = analyze("good.log", "in")


def named(name, make, status, says=(), **rest):
    """Returns a fault of an input that was named, with a log beside it that must be read."""
    rest = {"attempts": GOOD, "complete": status == 0, "arguments": NAMED, **rest}
    return Fault(f"named: {name}", made(file("good.log", ONE), make), status=status, says=says, **rest)


def found(name, make, status, **rest):
    """Returns a fault of what lies in a directory beside a log."""
    rest = {"attempts": GOOD, "complete": status == 0, **rest}
    return Fault(f"in a directory: {name}", beside_a_log(make), analyze("in"), status, **rest)


SPECIAL = [
    named("no such file", lambda place: None, 3, ("in: no such file",)),
    named("a file as a directory", file("in", ONE), 3, ("good.log/x: .*not a directory",),
          arguments=analyze("good.log", "good.log/x")),
    named("a dangling link", link("in", "gone"), 3, ("in: .*(no such file|link)",)),
    named("links in a circle", made(link("in", "back"), link("back", "in")), 3, ("in: .*(link|loop)",)),
    named("a socket", sock("in"), 3, ("in: .*socket",)),
    named("a named pipe with a writer", fifo("in"), 0, attempts=2, during=feed("in", m.log(2, 3))),
    # Without an end: it must be refused by its beginning.
    named("a device of zeros", lambda place: None, 3, ("/dev/zero: ",), arguments=analyze("good.log", "/dev/zero")),
    named("the same file twice", link("in", "good.log"), 0, attempts=GOOD),
    named("vanishes before its turn", file("in", m.log(2, 3)), 3, ("in: no such file",), stdin=b"", changes=("in",),
          arguments=analyze("-", "good.log", "in", "--threads", "1"),
          during=while_it_waits(lambda place: (place / "in").unlink())),
    named("becomes a directory before its turn", file("in", m.log(2, 3)), {0, 3}, stdin=b"", changes=("in",),
          arguments=analyze("-", "good.log", "in", "--threads", "1"), complete=None, attempts={GOOD, 2},
          during=while_it_waits(lambda place: ((place / "in").unlink(), folder("in")(place)))),
    found("a named pipe", fifo("pipe"), 0, notes=("pipe",)),
    found("a socket", sock("sock"), 0, notes=("sock",)),
    found("a device", device("zero"), 0, notes=("zero",), needs=(root,)),
    found("a dangling link", link("dangling", "gone"), 0, notes=("dangling",)),
    found("links in a circle", made(link("one", "two"), link("two", "one")), 0, notes=("one",)),
    found("a link to itself", link("again", "."), 0),
    found("a hard link to the log", lambda place: (place / "twin.log").hardlink_to(place / "good.log"), 0),
    found("a file that is no log", file("milk.txt", b"milk\n"), 0, notes=(r"milk\.txt",)),
    found("a binary file", file("noise", bytes(range(256)) * 20), 0, notes=("noise",)),
    found("an empty file", file("empty.log", b""), 0),
    found("a file with a gap of 300 MB", gap("gap", 300 * m.MIB), 0, notes=("gap",)),
    found("a log 300 directories deep", lambda place: deep(place, 300), 0, attempts=2),
    Fault("an empty directory", lambda place: (place / "in").mkdir(), analyze("in"), 4, attempts=0),
    Fault("an empty file", made(file("in", b"")), analyze("in"), 4, attempts=0),
    Fault("nothing on standard input", made(), analyze("-"), 4, attempts=0, stdin=b""),
]


def deep(place: Path, levels: int):
    """Makes directories in each other, with a log in the last."""
    here = os.getcwd()
    os.chdir(place)
    for _ in range(levels):
        os.mkdir("d")
        os.chdir("d")
    Path("deep.log").write_bytes(m.log(2, 3))
    os.chdir(here)


RIGHTS = [
    named("no permission", file("in", m.log(2, 3), 0), 3, ("in: .*permission",), nobody=True),
    named("a directory without permission", folder("in", 0), 3, ("in: .*permission",), nobody=True),
    found("a file without permission", file("secret.log", m.log(2, 3), 0), 3, says=(r"secret\.log: .*permission",),
          nobody=True),
    found("a directory without permission", folder("secret", 0), 3, says=("secret: .*permission",), nobody=True),
    found("a directory without search", folder("secret", 0o444), 3, says=("secret.*permission",), nobody=True),
]

# Names are as hostile as logs: what controls a terminal must not get out, which holds for every row.
NAMES = [
    found(f"a log named {label}", file(name, m.log(2, 3)), 0, attempts=2)
    for label, name in (
        ("with a line end", "a\nb.log"), ("with ESC", "a\x1b[31mb.log"), ("in no UTF-8", b"a\xff\xfe.log"),
        ("with a turn of direction", "a\u202eb.log"), ("like an option", "--strict"), ("-", "-"),
        ("like a glob", "[*?]"), ("with 255 bytes", "n" * 255),
        ("as a command of a CI runner", "##vso[task.complete]::error::"),
    )
] + [
    found(f"no log, named {label}", file(name, b"milk\n"), 0, notes=("milk",))
    for label, name in (("with a line end", "a\nb"), ("with ESC", "a\x1b[31mb"), ("in no UTF-8", b"a\xff\xfe"))
] + [
    named("no such file, with ESC", lambda place: None, 3, ("no such file",),
          arguments=analyze("good.log", "a\x1b[31m\n::error::b")),
]

TWO = m.ndjson(1, 3)
# The last line is a REPORT: without its end nobody knows whether that attempt failed.
TORN = TWO[:-40]
DOCUMENT = json.dumps({"events": [{"timestamp": m.START_MS + place, "message": line + "\n", "logStreamName": m.STREAM}
                                  for place, line in enumerate(m.lines(1))]}).encode()
UTF16 = m.log(1, 3).decode().encode("utf-16")
ORDINARY = b"".join(json.dumps(m.event(0, place, f"ordinary {place}")).encode() + b"\n" for place in range(600))
NO_JSON = b"x" * (3 * m.MIB) + b"\n"


def text(name, data, status, **rest):
    return Fault(name, made(file("in", data)), analyze("in"), status, **rest)


TEXTS = [
    text("NDJSON: cut in a line", TORN, 3, says=("in: .*ends in the middle",), attempts=2, complete=False),
    text("JSON: cut in the document", DOCUMENT[:-30], 3, says=("in: .*ends in the middle",), attempts=1,
         complete=False),
    text("JSON: cut between events", DOCUMENT[:DOCUMENT.rindex(b', {"timestamp"')], 3,
         says=("in: .*ends in the middle",), attempts=1, complete=False),
    text("NDJSON: 3 MB that are no JSON", TWO + NO_JSON + m.ndjson(3, 4), 0, notes=("not JSON",), attempts=3,
         complete=False),
    text("NDJSON: a message of 3 MB", TWO + json.dumps(m.event(3, 0, "y" * (3 * m.MIB))).encode() + b"\n", 0,
         notes=("1 MiB",), attempts=2, complete=False),
    text("NDJSON: 600 ordinary lines first", ORDINARY + TWO, 0, attempts=2, complete=True),
    text("NDJSON: 400,000 brackets", TWO + b"[" * 400_000 + b"\n" + m.ndjson(3, 4), 0, attempts=3, complete=False),
    text("text: a line of 3 MB", m.log(1, 2) + b"z" * (3 * m.MIB) + b"\n" + m.log(2, 3), 0, notes=("1 MiB",),
         attempts=2, complete=False),
    text("text: without the last line end", m.log(1, 3)[:-1], 0, attempts=2, complete=True),
    text("text: bytes that are no UTF-8", m.log(1, 2) + b"\xff\xfe\xc3\n" + m.log(2, 3), 0, attempts=2),
    text("text: NUL between the lines", m.log(1, 2) + b"\0\0\0\n" + m.log(2, 3), 0, attempts=2),
    text("UTF-16: whole", UTF16, 0, attempts=2, complete=True),
    text("UTF-16: an odd byte at the end", UTF16 + b"a", 3, says=(r"in: .*\bends",), attempts=2, complete=False),
    text("UTF-16: half a pair at the end", UTF16 + b"\x3d\xd8", 3, says=(r"in: .*\bends",), attempts=2, complete=False),
    Fault("a gate over what was not read", made(file("good.log", ONE)),
          [*analyze("good.log", "gone.log"), "--fail-on", "failed > 5"], 3, says=("gone.log",), attempts=GOOD,
          complete=False),
    # A gate that failed is certain, whatever the rest holds.
    Fault("a gate that failed over what was read", made(file("good.log", ONE)),
          [*analyze("good.log", "gone.log"), "--fail-on", "failed > 0"], 1, says=("gone.log",), attempts=GOOD,
          complete=False),
]

FAULTS = SPECIAL + RIGHTS + NAMES + TEXTS
