"""Owns faults of outputs: over an input, over each other, through links, onto what keeps its mode or cannot be written.
That no input is changed holds for every row."""

import json
import os
import stat
import threading
from pathlib import Path

import material as m
from fault import Fault, analyze, root

ONE = m.log(1, 2)
MARKERS = b'[[marker]]\nname = "worked"\npattern = "worked"\nstate = "confirmed"\n'


def inputs(place: Path):
    """Makes a log, and everything that leads to it."""
    (place / "x.log").write_bytes(ONE)
    (place / "x.json").write_bytes(m.ndjson(1, 2))
    (place / "hard").hardlink_to(place / "x.log")
    (place / "soft").symlink_to("x.log")
    (place / "logs").mkdir()
    (place / "logs/y.log").write_bytes(ONE)
    (place / "linked").symlink_to("logs")
    (place / "markers.toml").write_bytes(MARKERS)
    (place / "base.log").write_bytes(m.log(2, 3))



def over(what, arguments, name, **rest):
    """Returns a fault of an output that would replace what the run reads."""
    return Fault(f"over an input: {what}", inputs, arguments, 2, says=(f"{name}.* input",), answer=None, **rest)


X = analyze("x.log")
OVER = [
    over("by name", [*X, "--output", "x.log"], "x.log"),
    over("by another name", [*X, "--output", "./logs/../x.log"], "x.log"),
    over("by hard link", [*X, "--output", "hard"], "hard"),
    over("by symbolic link", [*X, "--output", "soft"], "soft"),
    over("read through a symbolic link", [*analyze("soft"), "--output", "x.log"], "x.log"),
    over("a report", [*X, "--report", "csv=x.log"], "x.log"),
    over("a ledger", [*analyze("x.json"), "--ledger", "x.json"], "x.json"),
    over("found in a directory", [*analyze("logs"), "--output", "logs/y.log"], "y.log"),
    over("through a linked directory", [*analyze("logs"), "--output", "linked/y.log"], "y.log"),
    over("found through a linked directory", [*analyze("linked"), "--output", "logs/y.log"], "y.log"),
    over("as standard input", [*analyze("-"), "--output", "x.log"], "x.log", stdin="x.log"),
    over("the baseline", [*X, "--baseline", "base.log", "--output", "base.log"], "base.log"),
    over("the markers", [*X, "--markers", "markers.toml", "--output", "markers.toml"], "markers.toml"),
    over("diff", ["diff", "x.log", "base.log", "--output", "base.log"], "base.log"),
    over("view", ["view", "x.json", "--output", "x.json"], "x.json"),
    Fault("into a directory that is read", inputs, [*analyze("logs"), "--output", "logs/answer.json"], 0, attempts=1,
          complete=True, answer="logs/answer.json"),
]


def two(what, first, second):
    """Returns a fault of two outputs that are one file."""
    def build(place: Path):
        inputs(place)
        (place / "same").write_bytes(b"old\n")
        (place / "link").symlink_to("same")
        (place / "twin").hardlink_to(place / "same")
        (place / "new").symlink_to("not-there-yet")
    return Fault(f"two outputs: {what}", build, [*X, "--output", first, "--report", f"csv={second}"], 2,
                 says=(f"two outputs.*{second}|{second}.*(twice|same|two)",), answer=None)


TWO = [
    two("one name", "same", "same"),
    two("one name, written otherwise", "same", "./same"),
    two("through a symbolic link", "same", "link"),
    two("a link, then its target", "link", "same"),
    two("through a hard link", "same", "twin"),
    two("through a link to nothing yet", "not-there-yet", "new"),
    two("through a linked directory", "logs/new", "linked/new"),
    two("both new", "fresh", "logs/../fresh"),
    Fault("two outputs: a report and the ledger", inputs,
          [*X, "--report", "json=one.json", "--ledger", "./one.json"], 2, says=(r"one\.json",), answer=None),
    Fault("two outputs: both to standard output", inputs, [*X, "--report", "csv=/dev/stdout"], {0, 2}, answer=None),
]


def existing(mode, link=False, group=None):
    """Returns what makes an output that exists, with a mode to keep."""
    def build(place: Path):
        inputs(place)
        (place / "real").write_bytes(b"old\n")
        if group is not None:
            os.chown(place / "real", -1, group)
        (place / "real").chmod(mode)
        (place / ("answer" if link else "other")).symlink_to("real")
        if not link:
            (place / "real").rename(place / "answer")
    return build


def keeps(mode, link=False, group=None):
    def afterwards(place: Path):
        info = (place / "answer").stat()
        if stat.S_IMODE(info.st_mode) != mode:
            yield f"mode {mode:o} became {stat.S_IMODE(info.st_mode):o}"
        if link and not (place / "answer").is_symlink():
            yield "the link became a file"
        if group is not None and info.st_gid != group:
            yield f"group {group} became {info.st_gid}"
    return afterwards


TO_ANSWER = [*X, "--output", "answer"]


def kept(what, mode, link=False, group=None, needs=()):
    return Fault(f"an output that exists: {what}", existing(mode, link, group), TO_ANSWER, 0, attempts=1,
                 answer="answer", changes=("answer", "real"), afterwards=keeps(mode, link, group), needs=needs)


def dangling(place: Path):
    inputs(place)
    (place / "answer").symlink_to("target")


def stays_a_link(place: Path):
    if not (place / "answer").is_symlink():
        yield "the link became a file"
    if not (place / "target").exists():
        yield "its target was not made"


def circle(place: Path):
    inputs(place)
    (place / "answer").symlink_to("back")
    (place / "back").symlink_to("answer")


def read_pipe(process, place: Path):
    """Reads a named pipe into a file, as another program would."""
    def read():
        with open(place / "pipe", "rb") as pipe:
            (place / "read").write_bytes(pipe.read())
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(3)


def was_read(place: Path):
    if not stat.S_ISFIFO((place / "pipe").lstat().st_mode):
        yield "the pipe became a file"
    try:
        json.loads((place / "read").read_bytes())
    except (OSError, ValueError):
        yield "no answer came through the pipe"


def locked(place: Path):
    inputs(place)
    (place / "locked").mkdir(0o555)
    (place / "locked").chmod(0o555)


PLACES = [
    kept("mode 0600", 0o600),
    kept("mode 0640", 0o640),
    kept("mode 0600, through a link", 0o600, link=True),
    # Who may read it by its group must still be able to.
    kept("group and mode 0640", 0o640, group=100, needs=(root,)),
    Fault("a link to nothing yet", dangling, TO_ANSWER, 0, attempts=1, answer="answer", afterwards=stays_a_link),
    Fault("a link into no directory", lambda place: (inputs(place), (place / "answer").symlink_to("no/where")),
          TO_ANSWER, 3, says=("answer",), answer=None),
    Fault("links in a circle", circle, TO_ANSWER, 3, says=("answer: .*link",), answer=None),
    Fault("a directory", lambda place: (inputs(place), (place / "answer").mkdir()), TO_ANSWER, 3,
          says=("answer: .*directory",), answer=None),
    Fault("no such directory", inputs, [*X, "--output", "no/answer"], 3, says=("no/answer: no such file or directory",),
          lacks=(r"\.lambda-triage",), answer=None),
    Fault("a file as a directory", inputs, [*X, "--output", "x.log/answer"], 3,
          says=("x.log/answer: .*not a directory",), lacks=(r"\.lambda-triage",), answer=None),
    Fault("a directory without permission", locked, [*X, "--output", "locked/answer"], 3,
          says=("locked/answer: .*permission",), lacks=(r"\.lambda-triage",), answer=None, nobody=True),
    Fault("a name of 300 bytes", inputs, [*X, "--output", "n" * 300], 3, says=("name too long",), answer=None),
    # The longest name that a file can have leaves no room for that of a temporary file that is made from it.
    Fault("a name of 255 bytes", inputs, [*X, "--output", "n" * 255], 0, attempts=1, answer="n" * 255),
    Fault("a name with ESC", inputs, [*X, "--output", "no/a\x1b[31m"], 3, says=("cannot write",), answer=None),
    Fault("a named pipe", lambda place: (inputs(place), os.mkfifo(place / "pipe")), [*X, "--output", "pipe"], 0,
          answer=None, during=read_pipe, afterwards=was_read),
    # It may end before it reads, and then without an answer.
    Fault("one report of two has no directory", inputs,
          [*X, "--report", "csv=no/where.csv", "--report", "markdown=there.md"], 3, says=("no/where.csv",),
          answer=None),
]

FAULTS = OVER + TWO + PLACES
