"""The rows of the comparison: what is run against what, on which input, and how much of its time we may take.

`pairs.py needs` tells what the rows ask for, `pairs.py measure` runs them. compare.sh calls both; what the figures mean
stands there.
"""

import argparse
import collections
import fnmatch
import glob
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))


class Row(NamedTuple):
    name: str
    shape: str  # of the corpus, as write_corpus calls it
    ours: str  # what we read
    tool: str
    theirs: str  # the command
    limits: tuple  # our time over theirs, on one core and on two
    files: str = ""  # a glob: these files are added to the command, by xargs


RG = "{tools}/bin/rg -c -F -f {here}/signatures.txt"
REPORTS = '"REPORT RequestId" | parse "Duration: * ms" as duration | count, p95(duration)'
PYTHON = "{tools}/python/bin/python {here}"
PLAIN = "plain/*/*/*/000000"
PACKED = "gz/*/*/*/000000.gz"
ROWS = (
    Row("files-rg", "s3-export", "plain", "rg", f"{RG} -j{{cores}} plain", (2.2, 2.2)),
    Row("files-mawk", "s3-export", "plain", "mawk", "mawk -f {here}/functions.awk", (1.3, 0.8), PLAIN),
    Row("files-duckdb", "s3-export", "plain", "python", f"{PYTHON}/duckdb_reports.py {{cores}} '{PLAIN}'", (0.65, 0.65)),
    Row("one-rg", "s3-export", "one.log", "rg", f"{RG} --no-mmap -j1 one.log", (3.8, 2.4)),
    Row("one-agrind", "s3-export", "one.log", "agrind", f"{{tools}}/bin/agrind -f one.log '{REPORTS}'", (0.45, 0.3)),
    Row("gz-igzip", "s3-export", "gz", "igzip", "igzip -dc", (2.5, 1.3), PACKED),
    Row("gz-zcat", "s3-export", "gz", "zcat", "zcat", (0.52, 0.27), PACKED),
    Row("gz-one-igzip", "s3-export", "one.log.gz", "igzip", "igzip -dc one.log.gz", (2.6, 2.0)),
    Row("ndjson-orjson", "ndjson", "nd/corpus.ndjson", "python",
        f"{PYTHON}/orjson_lines.py message 'REPORT ' nd/corpus.ndjson", (0.75, 0.45)),
    Row("filter-log-events-orjson", "filter-log-events", "fj", "python", f"{PYTHON}/orjson_documents.py",
        (0.6, 0.6), "fj/*.json"),
    Row("json-format-orjson", "json-format", "jf", "python", f"{PYTHON}/orjson_lines.py type platform.report",
        (0.65, 0.4), "jf/*.log"),
)
# These name the functions; of the others the totals are checked. The single files have the truth of their parts.
NAMED = {"plain": "plain", "gz": "gz", "nd/corpus.ndjson": "nd"}
TOTALS = {"one.log": "plain", "one.log.gz": "plain", "fj": "fj", "jf": "jf"}
# A truth may come from elsewhere, with other words for the same.
WORDS = {"invocations": "attempts", "oom": "out_of_memory", "init_error": "init_failure", "unhandled": "runtime_exception",
         "throttle": "throttling", "unfinished": "incomplete"}
COUNTS = ("attempts", "cold_starts", "ok", "incomplete", "unknown", "throttling", "service_error", "invalid_request",
          "runtime_exception", "timeout", "out_of_memory", "init_failure", "downstream")


class Failure(Exception):
    """Our own run went wrong."""


class Unmeasured(Exception):
    """There is nothing to compare with."""


def counts(function):
    """What is counted for a function, by our words, in a summary or in a truth."""
    flat = {**function, **function.get("failures", {}), **function.get("outcomes", {})}
    return {WORDS.get(key, key): value for key, value in flat.items() if isinstance(value, int)}


def total(functions):
    return sum(map(collections.Counter, functions), collections.Counter())


def mistakes(name, want, got):
    # Without INIT_REPORT nobody can tell an init that ran into the function's limit from any other timeout.
    either = want.get("init_timeout", 0)
    for key in COUNTS:
        low = want.get(key, 0)
        high = low + (either if key in ("timeout", "init_failure") else 0)
        if not low <= got.get(key, 0) <= high:
            yield f"{name}: {key} is {got.get(key, 0)}, not {low}"


def check(answer, row):
    """Holds an answer against the truth."""
    with open(answer, encoding="utf-8") as file:
        got = json.load(file)["functions"]
    with open(os.path.join(NAMED.get(row.ours) or TOTALS[row.ours], "truth.json"), encoding="utf-8") as file:
        want = json.load(file)
    if isinstance(want, dict):
        want = want["functions"]
    found = list(mistakes("all functions", total(map(counts, want)), total(map(counts, got))))
    if row.ours in NAMED:
        got, want = ({f["function"]: counts(f) for f in functions} for functions in (got, want))
        found += [f"{name} is not in the log" for name in got if name not in want]
        found += [line for name in want for line in mistakes(name, want[name], got.get(name, {}))]
    if found:
        raise Failure(f"wrong answer: {found[0]}" + (f" and {len(found) - 1} more" if len(found) > 1 else ""))


def run(cores, output, command):
    """Wall time in seconds, peak in MiB, status, and what it complained of."""
    pins = ",".join(str(core) for core in range(cores))
    once = [sys.executable, "-I", "-S", os.path.join(HERE, "once.py"), pins, output, *command]
    done = subprocess.run(once, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return 0.0, 0.0, done.returncode, done.stderr
    wall, peak, status = done.stdout.split()
    return float(wall), int(peak) / 1024, int(status), done.stderr


def last_words(status, complaint):
    return f"status {status}" + "".join(f", {line}" for line in complaint.strip().splitlines()[-1:])


def command_of(row, cores, tools, folder):
    command = shlex.split(row.theirs.format(tools=shlex.quote(tools), here=shlex.quote(HERE), cores=cores))
    if not row.files:
        return command
    paths = sorted(path for path in glob.glob(row.files) if os.path.basename(path) != "truth.json")
    names = os.path.join(folder, "files")
    with open(names, "w", encoding="utf-8") as file:
        file.write("".join(path + "\0" for path in paths))
    return ["xargs", "-0", "-s", "2000000", "-a", names, *command]


def measure(row, cores, args, folder):
    """Runs the pairs of a row."""
    if not os.path.exists(row.ours):
        raise Unmeasured(f"there is no {row.ours} in {os.getcwd()}")
    if not set(range(cores)) <= os.sched_getaffinity(0):
        raise Unmeasured(f"there are no {cores} cores to run on")
    answer = os.path.join(folder, "answer.json")
    ours = [args.binary, "analyze", "--quiet", "--format", "json", row.ours]
    theirs = command_of(row, cores, args.tools, folder)
    walls, peak = [], 0.0
    # The first pair brings inputs and programs into memory, and does not count.
    for _ in range(args.pairs + 1):
        our_wall, our_peak, status, complaint = run(cores, answer, ours)
        if status != 0:
            raise Failure(f"lambda-triage: {last_words(status, complaint)}")
        check(answer, row)
        their_wall, _, status, complaint = run(cores, os.devnull, theirs)
        if status != 0:
            raise Unmeasured(f"{row.tool}: {last_words(status, complaint)}")
        walls.append((our_wall, their_wall))
        peak = max(peak, our_peak)
    del walls[0]
    median = [statistics.median(side) for side in zip(*walls)]
    return *median, statistics.median(our / their for our, their in walls), peak


def measure_all(rows, args):
    """Prints the table. For each measured row, whether it kept its limit."""
    unavailable = {}
    if os.path.exists(args.unavailable):
        with open(args.unavailable, encoding="utf-8") as file:
            unavailable = dict(line.rstrip("\n").split("\t", 1) for line in file)
    binary, tools = os.path.abspath(args.binary), os.path.abspath(args.tools)
    args = argparse.Namespace(**{**vars(args), "binary": binary, "tools": tools})
    os.chdir(args.corpora)
    print(f"{'row':<26}{'cores':>5}{'ours s':>9}{'theirs s':>10}{'ratio':>7}{'limit':>7}{'':>9}{'peak MiB':>10}")
    kept = []
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            for cores in args.cores:
                start = f"{row.name:<26}{cores:>5}"
                try:
                    # A corpus that could not be written, or a tool that could not be had.
                    for need in (row.shape, row.tool):
                        if need in unavailable:
                            raise Unmeasured(unavailable[need])
                    ours, theirs, ratio, peak = measure(row, cores, args, folder)
                except Unmeasured as why:
                    print(f"{start}   not measured: {why}", flush=True)
                    continue
                except Failure as why:
                    kept.append(False)
                    print(f"{start}   failed: {why}", flush=True)
                    continue
                limit = row.limits[cores - 1]
                kept.append(ratio <= limit)
                word = "met" if ratio <= limit else "missed"
                print(f"{start}{ours:>9.3f}{theirs:>10.3f}{ratio:>7.2f}{limit:>7.2f}{word:>9}{peak:>10.0f}", flush=True)
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("needs", "measure"))
    parser.add_argument("--rows", default="*")
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--binary", default="")
    parser.add_argument("--corpora", default="")
    parser.add_argument("--tools", default="")
    parser.add_argument("--unavailable", default="", help="a file: what cannot be had, a tab, and why")
    args = parser.parse_args()
    rows = [row for row in ROWS if fnmatch.fnmatchcase(row.name, args.rows)]
    if not rows:
        print(f"no row matches '{args.rows}'; there are {', '.join(row.name for row in ROWS)}", file=sys.stderr)
        sys.exit(2)
    if args.what == "needs":
        for kind, needs in ("shape", {row.shape: 0 for row in rows}), ("tool", {row.tool: 0 for row in rows}):
            print("".join(f"{kind} {need}\n" for need in needs), end="")
        return
    kept = measure_all(rows, args)
    print(f"{sum(kept)} of {len(kept)} limits met, {len(rows) * len(args.cores) - len(kept)} not measured")
    sys.exit(3 if not kept else 0 if all(kept) else 1)


if __name__ == "__main__":
    main()
