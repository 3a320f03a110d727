"""Runs the scenarios under the Runtime API, analyses their logs, and holds every verdict against what really happened.

Usage: rig.py [--short] [--languages python,node,rust] [--only GLOB] [--styles old,new,json] [--keep FOLDER]
              [--fixtures FOLDER] [--misses FILE] PROGRAM

`--short` runs every scenario in one style, which its place in the table chooses; otherwise in all three. `--fixtures`
runs those alone that the tables choose for it, each in one style, and writes their logs and truth. Exits with 1 when more
than 1 % of the attempts got a category that is not theirs, or more than 1 % a code, when a healthy attempt was called a
failure, or when a scenario no longer does what it says. Misses in `known.txt` are printed and not counted.
"""

import argparse
import fnmatch
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from environment import Environment
from peers import Peers
from platform_lines import STYLES, iso

HERE = Path(__file__).parent
FIELDS = ["service", "operation", "host", "error_code", "http_status"]
# Share of attempts that may miss.
ALLOWED = 0.01
NOT_FAILED = {"ok", "incomplete"}


@dataclass
class Scenario:
    """A row of a table of scenarios."""

    language: str
    name: str
    handler: str
    what: str
    code: object
    service: str | None = None
    operation: str | None = None
    host: str | None = None
    not_host: str | None = None
    error_code: str | None = None
    http_status: int | None = None
    memory_mb: int = 512
    timeout_s: int = 60
    environment: dict = field(default_factory=dict)
    events: list = field(default_factory=lambda: [{}])
    codes_by_event: list | None = None
    raw_event: object = None
    asynchronous: bool = False
    attempts: int = 1
    outcome: str | None = None
    then: str | None = None
    slow_init: bool = False
    fixture: bool = False
    also_json: list = field(default_factory=list)

    def __post_init__(self):
        if isinstance(self.raw_event, str):
            self.raw_event = self.raw_event.encode()

    def codes(self, event, number, style):
        """The codes that are right for one attempt; the first is the one to wish for."""
        code = self.codes_by_event[event] if self.codes_by_event else self.code
        if self.then and number == self.attempts:
            code = self.then
        return (code if isinstance(code, list) else [code]) + (self.also_json if style == "json" else [])


def tables(languages, work, peers):
    """Reads the tables, and lays the code of the functions where their clients find it."""
    found, clients = [], {}
    addresses = json.dumps(peers.addresses)
    if "python" in languages:
        import scenarios

        task = work / "task-python"
        task.mkdir()
        shutil.copy(HERE / "scenarios.py", task)
        for module, text in scenarios.SOURCES.items():
            (task / f"{module}.py").write_text(text)
        found += [Scenario("python", **row) for row in scenarios.SCENARIOS]
        library = next(path for path in sys.path if path.endswith("site-packages"))
        clients["python"] = {
            "command": [sys.executable, "-m", "awslambdaric"],
            "task": task,
            "environment": {
                "PEERS": addresses,
                "LAMBDA_TASK_ROOT": str(task),
                "PYTHONPATH": str(task),
                "PYTHONDONTWRITEBYTECODE": "1",
                "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
            },
            # The client itself lies with the language there, not with the function.
            "paths": [
                (f"{library}/awslambdaric", "/var/lang/lib/python3.11/site-packages/awslambdaric"),
                (library, "/var/task"),
                (str(task), "/var/task"),
                (sys.base_prefix, "/var/lang"),
            ],
        }
    if "node" in languages:
        task = work / "task-node"
        task.mkdir()
        modules = (HERE / "node" / "node_modules").resolve()
        for name in ["scenarios.js", "launch.mjs", "native.cjs", "post.cjs"]:
            shutil.copy(HERE / "node" / name, task)
        (task / "node_modules").symlink_to(modules)
        listed = subprocess.run(
            ["node", "scenarios.js", "--list", str(task)], cwd=task, capture_output=True, text=True, check=True
        )
        found += [Scenario("node", **row) for row in json.loads(listed.stdout)]
        clients["node"] = {
            "command": [
                "node",
                "--preserve-symlinks",
                "--require",
                str(task / "native.cjs"),
                str(task / "launch.mjs"),
                str(task),
            ],
            "task": task,
            "environment": {
                "PEERS": addresses,
                "LAMBDA_TASK_ROOT": str(task),
                "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs20.x",
                "AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1": "true",
            },
            "paths": [
                (f"{task}/node_modules/aws-lambda-ric/dist", "/var/runtime"),
                (f"{modules}/aws-lambda-ric/dist", "/var/runtime"),
                (f"{task}/launch.mjs", "/var/runtime/bootstrap.mjs"),
                (str(modules), "/var/task/node_modules"),
                (str(task), "/var/task"),
            ],
        }
    if "rust" in languages:
        target = HERE.parent.parent / "target" / "runtimes"
        subprocess.run(["cargo", "build", "--quiet", "--locked", "--target-dir", target], cwd=HERE / "rust", check=True)
        program = target / "debug" / "functions"
        listed = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
        found += [Scenario("rust", **row) for row in json.loads(listed.stdout)]
        clients["rust"] = {
            "command": [str(program)],
            "task": work,
            "environment": {
                "PEERS": addresses,
                "LAMBDA_TASK_ROOT": "/var/task",
                "AWS_EXECUTION_ENV": "AWS_Lambda_provided.al2023",
            },
            "paths": [(str(Path.home()), "/home/build")],
        }
    return found, clients


def as_export(environment):
    """The log as `aws logs filter-log-events` prints it."""
    return [
        {
            "logStreamName": environment.stream,
            "timestamp": at,
            "message": message,
            "ingestionTime": at + 700,
            "eventId": f"{place:056d}",
        }
        for place, (at, message) in enumerate(environment.events())
    ]


def heartbeat(last_ms):
    """A healthy attempt half an hour later: by then it is certain that nothing is tried again."""
    at, request = int(last_ms) + 1_800_000, "00000000-0000-4000-8000-000000000000"
    messages = [
        f"START RequestId: {request} Version: 1\n",
        f"END RequestId: {request}\n",
        f"REPORT RequestId: {request}\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB\t\n",
    ]
    return {
        "events": [
            {
                "logStreamName": "2026/01/01/[1]00000000000000000000000000000000",
                "timestamp": at,
                "message": message,
                "ingestionTime": at,
                "eventId": f"9{place:055d}",
            }
            for place, message in enumerate(messages)
        ]
    }


def is_broken(environment):
    """Says what a scenario did otherwise than it declares, by what its client posted; None when it did as it says."""
    scenario, by_id = environment.scenario, defaultdict(list)
    for attempt in environment.attempts:
        by_id[attempt.request_id].append(attempt)
    for place, attempts in enumerate(by_id.values()):
        if scenario.asynchronous and len(attempts) != scenario.attempts:
            return f"{len(attempts)} attempts instead of {scenario.attempts}"
        for attempt in attempts:
            code = scenario.codes(place, attempt.number, environment.style)[0]
            category = code.split(".")[0]
            ended = attempt.ended_by
            expected = {
                "ok": ended == "answered" and attempt.posted == "response",
                "timeout": ended in ("timeout", "init_timeout"),
                "init_failure": ended.startswith("init_"),
                "out_of_memory": ended == "out_of_memory"
                or "memory" in (attempt.error_type or "").lower()
                or ended == "exit"
                or ended == "init_error",
                "runtime_exception": ended == "exit" or attempt.posted in ("error", "too_large"),
            }.get(category, ended == "exit" or attempt.posted == "error")
            if code.endswith((".exit", ".signal")):
                expected = ended in ("exit", "init_error")
            if not expected:
                return f"attempt {attempt.number} was to be {code}: posted {attempt.posted} {attempt.error_type}: {str(attempt.error_message)[:200]}, ended by {ended} {attempt.detail}"
    return None


def expected_outcomes(environment):
    """The outcome of each event, as the rules of the product say it."""
    outcomes, by_id = Counter(), defaultdict(list)
    for attempt in environment.attempts:
        by_id[attempt.request_id].append(attempt.failed())
    for failed in by_id.values():
        if not failed[-1]:
            outcomes["succeeded" if len(failed) == 1 else "recovered"] += 1
        else:
            outcomes["failed_once" if len(failed) == 1 else "exhausted"] += 1
    return outcomes


def is_undecidable(environment):
    """Tells whether the log is the same whether the function failed or not, so that either verdict is right."""
    codes = environment.scenario.codes(0, 1, environment.style)
    return "ok" in codes and codes != ["ok"]


def analyse(program, paths, form):
    run = subprocess.run(
        [program, "analyze", *map(str, paths), "--format", form, "--quiet"], capture_output=True, text=True, timeout=300
    )
    if run.returncode not in (0, 3):
        raise SystemExit(f"{program} ended with {run.returncode}: {run.stderr[-500:]}")
    if form == "json":
        return json.loads(run.stdout)
    return [json.loads(line) for line in run.stdout.splitlines()]


class Score:
    """What was right, in kinds."""

    def __init__(self):
        self.parts = defaultdict(lambda: [0, 0])
        self.misses = []
        self.false_alarms = 0

    def count(self, group, key, right):
        self.parts[group, key][0] += bool(right)
        self.parts[group, key][1] += 1

    def table(self):
        for group in ["categories", "codes", "confidence", "fields", "outcomes"]:
            rows = [(key, *self.parts[found, key]) for found, key in sorted(self.parts) if found == group]
            print(f"{group}: " + "  ".join(f"{key} {right}/{all_}" for key, right, all_ in rows))


def judge(environment, records, peers, score, known):
    """Compares the records of one environment with its truth."""
    scenario = environment.scenario
    places = {}
    for attempt in environment.attempts:
        place = places.setdefault(attempt.request_id, len(places))
        wanted = scenario.codes(place, attempt.number, environment.style)
        categories = {code.split(".")[0] for code in wanted}
        record = records.pop((attempt.request_id, attempt.number), None)
        got = record or {"category": "absent", "code": "absent", "confidence": "none"}
        label = (
            f"{environment.function} {environment.style}"
            + (f" attempt {attempt.number}" if scenario.asynchronous else "")
            + (f" event {place}" if len(scenario.events) > 1 else "")
        )
        miss, parts = None, []
        right = got["category"] in categories
        if not right:
            miss = "category"
        elif got["code"] not in wanted:
            miss = "code"
        excused = known.get((environment.function, environment.style)) or known.get((environment.function, "*"))
        score.count("categories", wanted[0].split(".")[0], right)
        score.count("confidence", got["confidence"], right)
        if right:
            score.count("codes", "all", got["code"] in wanted)
            downstream = got.get("downstream") or {}
            if wanted[0] != "ok":
                for name in FIELDS:
                    want = getattr(scenario, name)
                    if want is None:
                        continue
                    have = downstream.get(name)
                    if name == "host":
                        want = peers.addresses.get(want, want)
                        good = (
                            have is not None
                            and want.split(":")[0] == have.split(":")[0]
                            and (":" not in have or ":" not in want or have == want)
                        )
                    else:
                        good = have == want
                    score.count("fields", name, good)
                    if not good:
                        parts.append(f"{name} wanted {want} got {have}")
                if scenario.not_host and downstream.get("host") == scenario.not_host:
                    parts.append(f"host got {scenario.not_host}")
        if miss or parts:
            score.misses.append(
                {
                    "scenario": environment.function,
                    "style": environment.style,
                    "kind": miss or "field",
                    "wanted": wanted,
                    "got": got["code"],
                    "confidence": got["confidence"],
                    "label": label,
                    "parts": parts,
                    "known": excused,
                    "truth": vars(attempt),
                    "evidence": [line.get("message") for line in got.get("evidence") or []],
                    "log": [message for _, message in environment.events()],
                }
            )
        if not right and got["category"] not in NOT_FAILED and wanted[0] == "ok" and not excused:
            score.false_alarms += 1


def write_fixtures(folder, environments, peers):
    """Writes a slim set of logs with the truth about them: `scenarios.py` and its like say which."""
    for old in folder.glob("*.json"):
        old.unlink()
    rows = []
    chosen = defaultdict(list)
    for environment in environments:
        if environment.scenario.fixture:
            chosen[environment.scenario.language, environment.style].append(environment)
    for (language, style), group in sorted(chosen.items()):
        events = [(at, environment.stream, message) for environment in group for at, message in environment.events()]
        lines = [
            json.dumps({"logStreamName": stream, "timestamp": at, "message": message}, ensure_ascii=False)
            for at, stream, message in sorted(events, key=lambda event: event[0])
        ]
        (folder / f"{language}-{style}.json").write_text('{"events": [\n' + ",\n".join(lines) + "\n]}\n")
        for environment in sorted(group, key=lambda one: one.function):
            places = {}
            for attempt in environment.attempts:
                place = places.setdefault(attempt.request_id, len(places))
                rows.append(
                    {
                        "file": f"{language}-{style}.json",
                        "scenario": environment.scenario.name,
                        "what": environment.scenario.what,
                        "request_id": attempt.request_id,
                        "attempt": attempt.number,
                        "codes": environment.scenario.codes(place, attempt.number, environment.style),
                        **{
                            name: peers.addresses.get(value, value) if name == "host" else value
                            for name in FIELDS
                            if (value := getattr(environment.scenario, name)) is not None
                            and environment.scenario.codes(place, attempt.number, environment.style) != ["ok"]
                        },
                    }
                )
    (folder / "truth.json").write_text(
        "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"
    )


def read_known():
    """Reads `known.txt`: function, style or *, and the reason, parted by spaces."""
    known = {}
    path = HERE / "known.txt"
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.strip() and not line.startswith("#"):
            name, style, reason = line.split(None, 2)
            known[name, style] = reason
    return known


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program")
    options.add_argument("--short", action="store_true")
    options.add_argument("--languages", default="python,node")
    options.add_argument("--only", default="*")
    options.add_argument("--styles", default=",".join(STYLES))
    options.add_argument("--workers", type=int, default=5)
    options.add_argument("--keep", type=Path)
    options.add_argument("--fixtures", type=Path)
    options.add_argument("--misses", type=Path)
    args = options.parse_args()
    began = time.monotonic()
    # Processes that are to crash leave no core behind.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
    with tempfile.TemporaryDirectory(prefix="runtimes-") as work:
        work = Path(work)
        peers = Peers(work)
        rows, clients = tables(args.languages.split(","), work, peers)
        jobs = []
        for index, row in enumerate(rows):
            if not fnmatch.fnmatch(f"{row.language}-{row.name}", args.only):
                continue
            if args.fixtures and not row.fixture:
                continue
            styles = args.styles.split(",")
            if args.short or args.fixtures:
                styles = [STYLES[index % len(STYLES)]]
            jobs += [(row, style, index) for style in styles]
        with ThreadPoolExecutor(args.workers) as pool:
            environments = list(pool.map(lambda job: Environment(*job, clients[job[0].language]).run(), jobs))
        # A machine that is busy can be too slow for a scenario: then it gets a second chance, alone.
        for place, (job, environment) in enumerate(zip(jobs, environments)):
            if is_broken(environment):
                environments[place] = Environment(*job, clients[job[0].language]).run()
        ran = time.monotonic() - began
        logs = args.keep or work / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        files = {}
        for environment in environments:
            path = logs / f"{environment.function}-{environment.style}.json"
            path.write_text(json.dumps({"events": as_export(environment)}, ensure_ascii=False))
            files[environment.function, environment.style] = path
        last = max(at for environment in environments for at, _ in environment.events())
        beat = work / "heartbeat.json"
        beat.write_text(json.dumps(heartbeat(last)))
        records = {}
        for record in analyse(args.program, files.values(), "ndjson"):
            key = (record["request_id"], record["attempt"]) if record["kind"] == "attempt" else (record["id"], 0)
            if key in records:
                print(f"BROKEN two records for {key}")
            records[key] = record
        known, score, broken = read_known(), Score(), 0
        counted = 0
        for environment in environments:
            trouble = is_broken(environment)
            if trouble:
                broken += 1
                print(f"BROKEN {environment.function} {environment.style}: {trouble}")
                for attempt in environment.attempts:
                    records.pop((attempt.request_id, attempt.number), None)
                continue
            counted += len(environment.attempts)
            judge(environment, records, peers, score, known)

        broken_outcomes = 0

        def outcomes_of(environment):
            one = analyse(args.program, [files[environment.function, environment.style], beat], "json")
            return Counter({name: count for name, count in one["totals"]["outcomes"].items() if count})

        with ThreadPoolExecutor(4) as pool:
            for environment, got in zip(environments, pool.map(outcomes_of, environments)):
                if is_broken(environment) or is_undecidable(environment):
                    continue
                want = expected_outcomes(environment) + Counter(succeeded=1)
                declared = environment.scenario.outcome
                if declared and got != want:
                    broken_outcomes += 1
                score.count(
                    "outcomes", declared or "of one attempt", got == want and (declared is None or want[declared])
                )
                if got != want:
                    print(f"OUTCOME {environment.function} {environment.style}: wanted {dict(want)} got {dict(got)}")
        foreign = [
            record
            for record in records.values()
            if record["kind"] == "attempt" and record["category"] not in NOT_FAILED
        ]
        by_stream = {environment.stream: environment for environment in environments}
        for record in foreign:
            at = by_stream[record["log_stream"]]
            reason = known.get((at.function, at.style)) or known.get((at.function, "*"))
            score.false_alarms += not reason
            word = "KNOWN" if reason else "FALSE ALARM"
            print(
                f"{word} {at.function} {at.style}: {record['code']} for {record['request_id']} attempt {record['attempt']}, which never was"
            )
        for miss in score.misses:
            told = f" ({'; '.join(miss['parts'])})" if miss["parts"] else ""
            word = "KNOWN" if miss["known"] else "MISS"
            print(
                f"{word} {miss['kind']}: {miss['label']}: wanted {'|'.join(miss['wanted'])} got {miss['got']} [{miss['confidence']}]{told}"
                + (f" -- {miss['known']}" if miss["known"] else "")
            )
        missed = {miss["scenario"] for miss in score.misses} | {
            by_stream[record["log_stream"]].function for record in foreign
        }
        ran_whole = {environment.function for environment in environments} if not args.short else set()
        for (name, style), reason in known.items():
            if name in ran_whole and name not in missed:
                print(f"GONE {name} {style}: {reason}")
        if args.misses:
            args.misses.write_text(json.dumps(score.misses, indent=1, ensure_ascii=False))
        if args.fixtures:
            args.fixtures.mkdir(parents=True, exist_ok=True)
            write_fixtures(args.fixtures, [one for one in environments if not is_broken(one)], peers)
    score.table()
    wrong, wrong_codes = (
        sum(miss["kind"] == kind and not miss["known"] for miss in score.misses) for kind in ("category", "code")
    )
    excused = sum(miss["kind"] == "category" and bool(miss["known"]) for miss in score.misses)
    print(
        f"{len({job[0].language + job[0].name for job in jobs})} scenarios, {counted} attempts, {wrong} with a wrong category and {excused} that are known, {wrong_codes} with a wrong code, "
        f"{score.false_alarms} false alarms, {broken} scenarios that do not do as they say; {ran:.0f} s to run, {time.monotonic() - began - ran:.0f} s to judge"
    )
    bad = (
        max(wrong, wrong_codes) > ALLOWED * counted
        or broken_outcomes > ALLOWED * counted
        or score.false_alarms
        or broken
    )
    print(f"{counted - wrong} passed, {wrong} failed")
    os._exit(1 if bad else 0)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    main()
