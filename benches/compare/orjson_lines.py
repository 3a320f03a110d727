"""Decodes every line of JSON in some files and counts reports: the loop that a script would begin with.

`orjson_lines.py KEY PREFIX FILE...`: a report is an object whose KEY begins with PREFIX.
"""

import sys

import orjson

key, prefix, *paths = sys.argv[1:]
reports = 0
for path in paths:
    with open(path, "rb") as lines:
        for line in lines:
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue  # What a process writes past its runtime is text in the JSON log format too.
            if record.get(key, "").startswith(prefix):
                reports += 1
print(reports)
