"""Runs every command of examples/recipes.md in one directory, in order, and compares what it prints with what stands below it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "examples" / "recipes.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def recipes(text):
    """Returns command, expected output and the place of that output; the first command sets up and prints nothing."""
    blocks = list(BLOCK.finditer(text))
    first, rest = blocks[0], blocks[1:]
    pairs = list(zip(rest[::2], rest[1::2]))
    kinds = [block[1] for block in blocks]
    if kinds != ["sh"] + ["sh", "text"] * len(pairs) or len(pairs) < 15:
        sys.exit(f"{RECIPES}: a command without output, or output without a command: {kinds}")
    return first[2], [(command[2], output[2], output.span(2)) for command, output in pairs]


def programs(folder, names):
    """Makes a directory of links to these programs, for the front of the PATH."""
    folder.mkdir()
    for name, path in names.items():
        (folder / name).symlink_to(path)
    return folder


def run(command, work, path):
    environment = {"PATH": f"{path}:{os.environ['PATH']}", "HOME": str(work), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=work, env=environment, capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.exit(f"{command}\nstatus {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout


def outputs(triage, jq, folder):
    """Returns what the recipes print with this program for jq's language."""
    bin_of_venv = Path(sys.prefix) / "bin"
    path = programs(
        folder / f"bin-{jq.name}", {"lambda-triage": triage, "duckdb": bin_of_venv / "duckdb", "jq": jq}
    )
    work = folder / f"work-{jq.name}"
    work.mkdir()
    shutil.copytree(ROOT / "fixtures" / "logs", work / "logs")
    prepare, rest = recipes(RECIPES.read_text())
    run(prepare, work, path)
    return [run(command, work, path) for command, _, _ in rest]


def main(triage):
    real = shutil.which("jq")
    readers = [Path(sys.prefix) / "bin" / "jaq"] + ([Path(real)] if real else [])
    text = RECIPES.read_text()
    with tempfile.TemporaryDirectory() as folder:
        answers = {jq.name: outputs(triage, jq, Path(folder)) for jq in readers}
    if os.environ.get("UPDATE_EXPECTED"):
        for (_, _, (start, end)), output in reversed(list(zip(recipes(text)[1], answers["jaq"]))):
            text = text[:start] + output + text[end:]
        RECIPES.write_text(text)
    wrong = 0
    for name, found in answers.items():
        for (command, want, _), output in zip(recipes(text)[1], found):
            if not output.strip() or output != want:
                wrong += 1
                print(f"with {name}:\n{command}\nprints\n{output}\nand should print\n{want}")
    print(f"recipes: {len(answers['jaq'])} with {' and '.join(answers)}, {wrong} wrong")
    sys.exit(wrong != 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
