"""Writes a page of the book for every verdict and word that the program explains, and lists them in SUMMARY.md and verdicts.md.

    docs/pages.py PROGRAM BOOK
"""

import json
import re
import subprocess
import sys
from pathlib import Path


def explained(program: str) -> list[dict]:
    """Returns the entries of the catalogue that have a page, in its order."""
    answer = subprocess.run([program, "explain", "--format", "json"], check=True, capture_output=True, text=True).stdout
    document = json.loads(answer)
    codes = [entry["code"] for entry in document["codes"]] + [entry["name"] for entry in document["glossary"]]
    entries = []
    for code in codes:
        answer = subprocess.run([program, "explain", code, "--format", "json"], capture_output=True, text=True).stdout
        found = json.loads(answer)
        entry = next((one for one in found["codes"] if one["code"] == code), None)
        if entry and entry["page"]:
            entries.append(entry)
    return entries


def main() -> None:
    program, book = sys.argv[1], Path(sys.argv[2])
    entries = explained(program)
    known = {entry["code"] for entry in entries}
    (book / "codes").mkdir()
    summary, index = [], ["", "| Code | Means | First aid |", "|---|---|---|"]
    for entry in entries:
        code = entry["code"]
        page = entry["page"]
        # A code of another page is a link to it.
        links = lambda found: f"[`{found[1]}`]({found[1]}.md)" if found[1] in known and found[1] != code else found[0]
        page = re.sub(r"`([a-z_]+\.[a-z_]+|[a-z]+_[a-z_]+)`", links, page)
        (book / "codes" / f"{code}.md").write_text(page.rstrip() + "\n", encoding="utf-8")
        summary.append(f"  - [{code}](codes/{code}.md)")
        index.append(f"| [`{code}`](codes/{code}.md) | {entry['title']} | {entry['hint']} |")
    with (book / "SUMMARY.md").open("a", encoding="utf-8") as file:
        file.write("\n".join(summary) + "\n")
    with (book / "verdicts.md").open("a", encoding="utf-8") as file:
        file.write("\n".join(index) + "\n")


main()
