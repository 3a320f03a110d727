"""Compares what Spark made with what one run over all logs says.

    python3 check.py PROGRAM LOGS OUT
"""

import glob
import json
import os
import subprocess
import sys

program, logs, out = sys.argv[1:4]
single = json.loads(
    subprocess.run(
        [program, "analyze", *sorted(os.listdir(logs)), "--format", "json", "--quiet"], cwd=logs, check=True, capture_output=True, text=True
    ).stdout
)


def rows(name):
    lines = [line for path in glob.glob(f"{out}/{name}/part-*") for line in open(path, encoding="utf-8")]
    return {row["function"]: row for row in map(json.loads, lines)}


def same(what, got, want):
    if json.dumps(got, sort_keys=True) != json.dumps(want, sort_keys=True):
        for key in want:
            if got.get(key) != want[key]:
                sys.exit(f"{what}: {key}\n{json.dumps(got.get(key))[:2000]}\n{json.dumps(want[key])[:2000]}")
        sys.exit(f"{what} differ")


functions = {row["function"]: row for row in single["functions"]}
attempts = single["totals"]["attempts"]
assert attempts > 1000 and single["totals"]["failed"] > 20 and single["totals"]["outcomes"]["recovered"] > 10, attempts

# All records through one process: everything is the same, order and causes included.
whole = json.load(open(f"{out}/summary.json", encoding="utf-8"))
for part in ("window", "totals", "causes", "events_to_check"):
    same(part, {part: whole[part]}, {part: single[part]})
assert [row["function"] for row in whole["functions"]] == [row["function"] for row in single["functions"]]
for row in whole["functions"]:
    same(row["function"], row, functions[row["function"]])

# Functions joined in parallel: each row is the same.
parallel = rows("functions")
assert parallel.keys() == functions.keys(), parallel.keys() ^ functions.keys()
for name, row in parallel.items():
    same(f"{name}, joined in parallel", row, functions[name])

# The matrix of SQL.
for name, row in rows("matrix").items():
    want = functions[name]
    assert row["attempts"] == want["attempts"] and row["failed"] == want["failed"], (row, want["attempts"], want["failed"])
    assert row["cold_starts"] == want["cold_starts"], row
    for kind, count in want["failures"].items():
        assert row[kind] == count, (name, kind, row[kind], count)

print(f"{attempts} attempts of {len(functions)} functions: totals, functions, causes and matrix are those of the single run")
