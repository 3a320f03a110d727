"""Every number on the page is that of the JSON: each `<data>` says where it comes from, and its text is its value, shortened."""

import json
import re
import unittest
from datetime import datetime

from pages import browser, page

NAMES = ["demo", "fixtures", "many-24", "many-400", "healthy", "empty", "hostile", "diff"]

READ = """
    return [...document.querySelectorAll('data[data-path]')].map((e) =>
        [e.dataset.path, e.getAttribute('value'), e.textContent.trim(), (e.closest('[id]') || {}).id || '']);
"""

# Texts that are nothing but a number, outside of what says where it comes from.
BARE = """
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    for (let n; (n = walk.nextNode());) {
        const e = n.parentElement, text = n.data.trim();
        if (/^[<>~×x+−-]?[\\d][\\d,.]*\\s?(%|ms|s|min|h|MB|GB|USD|x|×)?$/.test(text) &&
            !e.closest('data, time, th, code, pre, script, style, option, svg, [data-computed]'))
            found.push(text + ' in ' + e.outerHTML.slice(0, 90) + ' of ' + ((e.closest('[id]') || {}).id || ''));
    }
    return found;
"""

# What one of a unit is in the unit of the JSON, by the end of the field's name.
UNITS = {
    "ms": {"ms": 1, "s": 1e3, "min": 6e4, "h": 3.6e6, "m": 6e4},
    "mb": {"MB": 1, "GB": 1024, "": 1},
    "usd": {"$": 1, "USD": 1},
    "gb_seconds": {"GB-s": 1, "GB-seconds": 1, "": 1},
    "bytes": {"B": 1, "bytes": 1, "kB": 1e3, "KB": 1024, "KiB": 1024, "MB": 1e6, "MiB": 2**20, "GB": 1e9, "GiB": 2**30},
}
NUMBER = re.compile(r"^([<>≤≥~+−-]?)\s*(\$?)\s*(\d{1,3}(?:[,\u202f\u2009]\d{3})+|\d+)(\.\d+)?\s*(?:(k|M|G)(?![A-Za-z]))?\s*(.*)$")


def resolve(document, pointer):
    """Returns the value at a JSON pointer (RFC 6901)."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def units(pointer, rest):
    """Returns how many of the field's unit the shown unit may stand for."""
    if rest.startswith("%"):
        return [0.01]
    names = [part for part in pointer.split("/") if not part.isdigit()]
    for name in reversed(names):
        for end, known in UNITS.items():
            if name.endswith(end) or name.startswith("bytes") and end == "bytes":
                word = re.split(r"[\s,;:)]", rest, maxsplit=1)[0] if rest else ""
                return [known[word]] if word in known else [1]
    return [1]


def is_rounding(value, pointer, text):
    """Returns whether a text is the value to as many digits as it shows."""
    found = NUMBER.match(text)
    if not found:
        return value == 0 and text in (".", "·", "–", "-", "", "none", "no")
    sign, dollar, whole, fraction, kilo, rest = found.groups()
    number = float(re.sub(r"\D", "", whole) + (fraction or ""))
    size = {"k": 1e3, "M": 1e6, "G": 1e9, None: 1}[kilo]
    step = 10.0 ** -(len(fraction) - 1 if fraction else 0)
    value = -value if sign in ("−", "-") else value
    for unit in units(pointer, rest):
        scaled = value / unit / size
        if sign == "<":
            return 0 <= scaled < number
        if sign == ">":
            return scaled > number
        # Half of the last digit, and as much as a binary fraction may be off; never nothing for something.
        if abs(scaled - number) <= step * 0.5000001 and (number != 0 or value == 0 or step < 1):
            return True
    return False


def is_moment(value, text):
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return False
    return moment.strftime("%H:%M") in text or moment.strftime("%Y-%m-%d") in text


class Numbers(unittest.TestCase):
    def wrong(self, document, read):
        found = []
        for path, raw, text, where in read:
            try:
                value = resolve(document, path)
            except (KeyError, IndexError, ValueError, TypeError):
                found.append(f"{where}: {path} is not in the JSON")
                continue
            if value is None:
                if raw not in (None, "") or not re.fullmatch(r"(n/a|unknown|–|—|-|\.|·)?", text):
                    found.append(f"{where}: {path} is null, the page has {raw!r}, {text!r}")
            elif isinstance(value, bool) or not isinstance(value, (int, float, str)):
                found.append(f"{where}: {path} is not a number: {value!r}"[:200])
            elif isinstance(value, str):
                if raw != value or not (is_moment(value, text) or text and text.split("…")[0].split()[0] in value):
                    found.append(f"{where}: {path} is {value!r}, the page has {raw!r}, {text!r}")
            elif raw is None or not re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", raw) or float(raw) != value:
                found.append(f"{where}: {path} is {value!r}, the page has {raw!r}")
            elif not is_rounding(value, path, text):
                found.append(f"{where}: {path} is {value!r}, the page shows {text!r}")
        return found

    def test_every_number_is_that_of_the_json(self):
        for name in NAMES:
            for scripts in (False, True):
                with self.subTest(page=name, scripts=scripts):
                    browser().open(page(name).file, scripts=scripts)
                    read = browser().run(READ)
                    self.assertGreater(len(read), 2 if name == "empty" else 10)
                    wrong = self.wrong(page(name).json, read)
                    self.assertEqual(wrong[:12], [], f"{len(wrong)} of {len(read)}")

    def test_no_number_stands_without_its_source(self):
        for name in ("demo", "fixtures", "many-24", "diff"):
            with self.subTest(page=name):
                browser().open(page(name).file, scripts=False)
                bare = browser().run(BARE)
                self.assertEqual(bare[:8], [], f"{len(bare)} numbers")

    def test_what_is_counted_on_the_page_is_what_it_shows(self):
        for name in ("demo", "many-24", "diff"):
            with self.subTest(page=name):
                browser().open(page(name).file, scripts=False)
                own = browser().run("return [...document.querySelectorAll('data:not([data-path])')].map((e) => [e.value, e.textContent.trim()])")
                self.assertEqual([pair for pair in own if not is_rounding(float(pair[0]), "/", pair[1])], [])
                self.assertLess(len(own), 40, "numbers that the JSON does not have")

    def test_what_matters_is_on_the_page(self):
        for name in ("demo", "fixtures", "many-24", "many-400", "healthy"):
            with self.subTest(page=name):
                browser().open(page(name).file, scripts=False)
                paths = {path for path, *_ in browser().run(READ)}
                wanted = [f"/totals/{field}" for field in ("attempts", "failed", "failure_rate")] + ["/coverage/inputs"]
                wanted += ["/totals/lost" if "lost" in page(name).json["totals"] else "/totals/outcomes/exhausted"]
                functions = page(name).json["functions"]
                wanted += [f"/functions/{place}/{field}" for place, function in enumerate(functions) if function["failed"]
                           for field in ("failed", "attempts")]
                causes = page(name).json["causes"][:10]
                wanted += [f"/causes/{place}/attempts" for place, cause in enumerate(causes) if cause["attempts"]]
                self.assertEqual([path for path in wanted if path not in paths][:8], [])

    def test_the_bars_of_the_chart_add_up(self):
        for name in ("demo", "many-24"):
            browser().open(page(name).file, scripts=False)
            found = browser().run("return [...document.querySelectorAll('#time-chart title, #time table data')].length")
            self.assertGreater(found, 0, "the chart says its numbers in words or in a table")

    def test_a_wrong_number_is_noticed(self):
        document = {"totals": {"failed": 1840, "failure_rate": 0.0986, "lost": 0, "caught": None, "p50_ms": 1512.0}}
        good = [("/totals/failed", "1840", "1,840", ""), ("/totals/failure_rate", "0.0986", "9.9%", ""), ("/totals/lost", "0", "0", ""),
                ("/totals/caught", "", "n/a", ""), ("/totals/p50_ms", "1512.0", "1.5 s", ""), ("/totals/p50_ms", "1512", "1,512 ms", "")]
        self.assertEqual(self.wrong(document, good), [])
        bad = [("/totals/failed", "1841", "1,840", ""), ("/totals/failed", "1840", "1,841", ""), ("/totals/failure_rate", "0.0986", "9.8%", ""),
               ("/totals/caught", "0", "0", ""), ("/totals/p50_ms", "1512", "1.5 ms", ""), ("/totals/gone", "1", "1", ""), ("/totals/failed", "1840", "2k failed", ""),
               ("/totals/failed", "1840", "", "")]
        self.assertEqual(len(self.wrong(document, bad)), len(bad) - 1, json.dumps(self.wrong(document, bad)))
