"""Decodes whole documents of `aws logs filter-log-events` and counts reports, one document after the other."""

import sys

import orjson

reports = 0
for path in sys.argv[1:]:
    with open(path, "rb") as document:
        events = orjson.loads(document.read())["events"]
    reports += sum(event["message"].startswith("REPORT ") for event in events)
print(reports)
