"""Makes the pages under test, with the JSON of the same input, and hands out one browser for all tests."""

import atexit
import functools
import json
import os
import subprocess
import tempfile
from pathlib import Path

import corpora
from browser import Browser

ROOT = Path(__file__).resolve().parents[2]
TRIAGE = os.environ["LAMBDA_TRIAGE"]
FOLDER = tempfile.TemporaryDirectory(prefix="lambda-triage-browser-")
# A path is text of others, too.
HOSTILE_PATH = f"\"><img src onerror={corpora.RAN}='path'>&lt;`'\u202e.ndjson"


def triage(*arguments):
    """Runs the program and returns what it prints; a gate that fails is an answer."""
    done = subprocess.run([TRIAGE, *map(str, arguments)], capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode not in (0, 1) or not done.stdout:
        raise RuntimeError(f"{arguments}: status {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def place(name):
    path = Path(FOLDER.name) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


class Page:
    """A page and the JSON of the same answer."""

    def __init__(self, name, arguments):
        self.file = place(f"{name}.html")
        self.arguments = arguments
        self.file.write_bytes(triage(*arguments, "--format", "html"))

    @functools.cached_property
    def json(self):
        return json.loads(triage(*self.arguments, "--format", "json"))

    @functools.cached_property
    def text(self):
        return self.file.read_text(encoding="utf-8")


def saved(name, document):
    path = place(name)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def logs(name, log):
    path = place(name)
    return path if path.exists() else log().write(path)


def many(functions):
    # The JSON of ten thousand functions with much to say is hundreds of megabytes.
    return logs(f"{functions}.ndjson", lambda: corpora.many(functions, 12 if functions <= 2000 else 4))


def demo_summary():
    return json.loads(triage("demo", "--format", "json"))


@functools.cache
def page(name):
    """Returns the page of this name, made when it is first wanted."""
    kind, _, number = name.partition("-")
    match kind:
        case "demo":
            return Page(name, ["demo"])
        case "fixtures":
            return Page(name, ["analyze", ROOT / "fixtures" / "logs", "--fail-on", "failed > 0", "--fail-on", "*:failure_rate > 40% if attempts >= 5"])
        case "many":
            return Page(name, ["analyze", many(int(number))])
        case "empty":
            return Page(name, ["analyze", logs("empty.ndjson", corpora.Log), "--allow-empty"])
        case "healthy":
            return Page(name, ["analyze", logs("healthy.ndjson", corpora.healthy)])
        case "hostile":
            return Page(name, ["analyze", logs(f"hostile/{HOSTILE_PATH}", corpora.hostile), "--fail-on", "*x=*:failed > 0"])
        case "poisoned":
            return Page(name, ["view", saved(f"{name}.json", corpora.poisoned(demo_summary(), int(number)))])
        case "diff":
            return Page(name, ["diff", many(24), logs("after.ndjson", lambda: corpora.many(24, after=True))])
        case "hostilediff":
            base, head = (saved(f"{name}-{turn}.json", corpora.poisoned(demo_summary(), turn)) for turn in (int(number), int(number) + 1))
            return Page(name, ["diff", base, head])
    raise KeyError(name)


@functools.cache
def browser():
    started = Browser(Path(FOLDER.name) / "browser")
    atexit.register(started.close)
    return started
