"""What a reader does with the page: opens it offline, sorts, searches, follows links, brushes time, copies, saves, prints."""

import base64
import csv
import io
import re
import time
import unicodedata
import unittest

from pypdf import PdfReader
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import NARROW, PHONE, WIDE
from pages import browser, many, page, place

SECTIONS = ["status", "numbers", "time", "causes", "functions", "findings", "events", "distributions", "warnings", "coverage"]
# What a page may link to: AWS's documents and console.
AWAY = re.compile(r"https://(docs\.aws\.amazon\.com|aws\.amazon\.com|[a-z0-9-]+\.console\.(aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com))/")
# All pages that any test below opens with scripts.
PAGES = ["demo", "fixtures", "many-24", "healthy", "empty", "diff"]


def squeezed(text):
    """Returns a text without blanks and ligatures: print and screen break lines at other places."""
    return re.sub(r"[\s\u00ad\u200b\u2060]+", "", unicodedata.normalize("NFKC", text))


def until(condition, what, seconds=5.0):
    """Waits for a condition, and returns what it gave."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"never: {what}")
        time.sleep(0.05)


def shown(selector):
    """Returns the ids of the elements that are shown, or their text where they have none, in the order of the screen."""
    return browser().run(
        """
        return [...document.querySelectorAll(arguments[0])].filter((e) => e.checkVisibility())
            .map((e) => [e.getBoundingClientRect().top, e.id || e.textContent]).sort((a, b) => a[0] - b[0]).map((e) => e[1]);
        """,
        selector,
    )


def element(selector):
    return browser().driver.find_element(By.CSS_SELECTOR, selector)


def click(selector):
    """Clicks as a hand does: what lies over the element gets the click."""
    found = element(selector)
    browser().run("arguments[0].scrollIntoView({block: 'center'})", found)
    found.click()
    browser().settle()


def function_rows():
    """Returns the function, and value and JSON pointer of each cell, of the rows that are shown, in the order of the screen."""
    return browser().run(
        """
        const cell = (c) => { const d = c.querySelector('data[data-path]');
                              return d ? [d.value, d.dataset.path] : [c.textContent.trim(), null]; };
        return [...document.querySelectorAll('#functions-table tr[data-function]')].filter((r) => r.checkVisibility())
            .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
            .map((r) => ({name: r.dataset.function, cells: [...r.cells].map(cell)}));
        """
    )


class Offline(unittest.TestCase):
    def test_it_opens_with_the_network_off_and_asks_for_nothing(self):
        for name in PAGES:
            for scheme in ("light", "dark"):
                with self.subTest(page=name, scheme=scheme):
                    browser().open(page(name).file, scheme=scheme)
                    requests, said, dialogs, _ = browser().did()
                    self.assertEqual(requests, [browser().url])
                    self.assertEqual(said, [])
                    self.assertEqual(dialogs, [])
                    self.assertGreater(len(browser().run("return document.body.innerText")), 100)

    def test_a_page_that_asks_is_noticed(self):
        control = place("control.html")
        control.write_text("<!doctype html><title>x</title><img src=http://a.evil.test/><script>console.warn('w');no.such</script>")
        browser().open(control)
        requests, said, _, _ = browser().did()
        self.assertIn("http://a.evil.test/", requests)
        self.assertGreaterEqual(len(said), 3)

    def test_it_says_what_it_is(self):
        for name in PAGES:
            with self.subTest(page=name):
                browser().open(page(name).file)
                found = browser().run("return [document.compatMode, document.characterSet, document.documentElement.lang, document.title]")
                self.assertEqual(found[:3], ["CSS1Compat", "UTF-8", "en"])
                self.assertRegex(found[3], r"\w+ \w+")


class Policy(unittest.TestCase):
    FOUND = re.compile(r"<meta\s[^>]*Content-Security-Policy[^>]*>", re.IGNORECASE)

    def policy(self, text):
        tag = self.FOUND.search(text)
        self.assertIsNotNone(tag, "no Content-Security-Policy")
        content = re.search(r"content=(\"[^\"]*\"|'[^']*')", tag[0])[1][1:-1].replace("&#39;", "'").replace("&#x27;", "'")
        return tag, dict(part.strip().partition(" ")[::2] for part in content.split(";") if part.strip())

    def test_it_allows_our_own_script_and_style_and_nothing_else(self):
        for name in PAGES:
            with self.subTest(page=name):
                text = page(name).text
                tag, policy = self.policy(text)
                self.assertLess(tag.start(), re.search("<(script|style|link|body)", text).start(), "the policy comes first")
                self.assertEqual(policy.pop("default-src"), "'none'")
                for kind in ("base-uri", "form-action"):
                    self.assertEqual(policy.pop(kind), "'none'", f"{kind} is not covered by default-src")
                for kind, value in policy.items():
                    self.assertIn(kind, ["script-src", "style-src", "img-src", "require-trusted-types-for", "trusted-types"])
                    for word in value.split():
                        self.assertRegex(word, r"^('sha(256|384|512)-[A-Za-z0-9+/=]+'|data:|'none'|'script')$")
                        self.assertFalse(kind == "script-src" and word == "data:")

    def test_the_policy_stops_what_a_hole_in_the_escaping_would_let_in(self):
        bad = "<script>window.__ran=1</script><p style='color:red' onclick='window.__ran=2' id=bad>x</p><img src=http://image.evil.test/>"
        for open_, ran in ((False, None), (True, 1)):
            text = page("demo").text.replace("</main>", f"{bad}</main>")
            self.assertNotEqual(text, page("demo").text)
            if open_:
                text = self.FOUND.sub("", text)
            file = place(f"policy-{open_}.html")
            file.write_text(text)
            browser().open(file, offline=False)
            browser().run("document.getElementById('bad').click()")
            requests, said, _, asked = browser().did()
            self.assertEqual(browser().run("return window.__ran"), 2 if open_ else None, "without the policy it runs, with it not")
            self.assertEqual(any("image.evil.test" in line for line in asked), open_)
            self.assertEqual(any("Content Security Policy" in line for line in said), not open_)


class Functions(unittest.TestCase):
    def keys(self, column):
        """Returns the keys of a column, as numbers where all are, and where a value is missing None."""
        cells = [row["cells"][column] for row in function_rows()]
        if any(path for _, path in cells):
            return [float(value) if path else None for value, path in cells]
        return [value.lower() for value, _ in cells]

    def sorted_by(self, keys, direction):
        known = [key for key in keys if key is not None]
        # What is not known stands together, at one end.
        self.assertIn(known, [keys[: len(known)], keys[len(keys) - len(known) :]])
        pairs = list(zip(known, known[1:]))
        self.assertTrue(all(a <= b if direction == "ascending" else a >= b for a, b in pairs), f"{direction}: {keys}")

    def test_every_column_sorts_both_ways(self):
        for name in ("demo", "many-24", "fixtures"):
            browser().open(page(name).file)
            count = len(function_rows())
            buttons = browser().run("return [...document.querySelectorAll('#functions-table th button[data-sort]')].map((b) => b.dataset.sort)")
            self.assertGreater(len(buttons), 4)
            orders = set()
            for key in buttons:
                directions = []
                for _ in range(2):
                    click(f"#functions-table th button[data-sort='{key}']")
                    column, direction, others = browser().run(
                        """
                        const th = document.querySelector(`#functions-table th button[data-sort='${arguments[0]}']`).closest('th');
                        const others = [...document.querySelectorAll('#functions-table th[aria-sort]')]
                            .filter((o) => o !== th && o.getAttribute('aria-sort') !== 'none');
                        return [th.cellIndex, th.getAttribute('aria-sort'), others.length];
                        """,
                        key,
                    )
                    with self.subTest(page=name, column=key, direction=direction):
                        self.assertEqual(others, 0, "one column at a time")
                        self.assertIn(direction, ("ascending", "descending"))
                        self.assertEqual(len(function_rows()), count, "sorting loses no row")
                        self.sorted_by(self.keys(column), direction)
                    directions.append(direction)
                    orders.add(tuple(row["name"] for row in function_rows()))
                self.assertEqual(sorted(map(str, directions)), ["ascending", "descending"], key)
            self.assertGreater(len(orders), 3, "the order on the screen changes")

    def test_sorting_works_from_the_keyboard(self):
        browser().open(page("many-24").file)
        button = element("#functions-table th button[data-sort]")
        before = [row["name"] for row in function_rows()]
        browser().run("arguments[0].focus()", button)
        for key in (Keys.ENTER, Keys.SPACE):
            ActionChains(browser().driver).send_keys(key).perform()
            browser().settle()
            after = [row["name"] for row in function_rows()]
            self.assertNotEqual(before, after)
            self.assertTrue(browser().run("return document.activeElement.dataset.sort"), "the focus stays")
            before = after

    def search(self, text):
        box = element("#functions-search")
        box.clear()
        box.send_keys(text)
        time.sleep(0.4)
        browser().settle()
        return [row["name"] for row in function_rows()]

    def test_the_search_finds_names_and_nothing_else(self):
        browser().open(page("many-24").file)
        names = [function["function"] for function in page("many-24").json["functions"]]
        self.assertEqual(sorted(row["name"] for row in function_rows()), sorted(names))
        for wanted in ("billing", "SHOP-orders", "-00003", "shop", "nothing has this name", "[", "\\"):
            with self.subTest(text=wanted):
                self.assertEqual(sorted(self.search(wanted)), sorted(name for name in names if wanted.lower() in name.lower()))
        self.assertRegex(browser().run("return document.getElementById('functions').innerText"), "(?i)no function|0 functions")
        element("#functions-search").send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE)
        until(lambda: len(function_rows()) == len(names), "all rows are back")
        self.assertEqual(browser().did()[1], [])

    def test_search_and_sort_keep_each_other(self):
        browser().open(page("many-24").file)
        click("#functions-table th button[data-sort='name']")
        everything = [row["name"] for row in function_rows()]
        found = self.search("billing")
        self.assertEqual(found, [name for name in everything if "billing" in name])
        click("#functions-table th button[data-sort='name']")
        self.assertEqual([row["name"] for row in function_rows()], found[::-1])


class Links(unittest.TestCase):
    IN_VIEW = """
        const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
        if (!target) return 'there is no ' + location.hash;
        const box = (target.querySelector(':scope > summary') || target).getBoundingClientRect();
        if (!target.checkVisibility() || box.height === 0) return 'it is hidden';
        if (box.top < -1 || box.top > innerHeight) return `it is not in view: ${box.top}`;
        const over = document.elementFromPoint(box.left + Math.min(box.width / 2, 200), box.top + Math.max(2, Math.min(box.height / 2, 12)));
        if (!over || !(target.contains(over) || over.contains(target))) return 'it is covered by ' + (over && over.outerHTML.slice(0, 80));
        if (target.tagName === 'DETAILS' && !target.open && arguments[0]) return 'it is folded';
        return 'shown';
    """

    def ids(self, name, kind):
        return browser().run(f"return [...document.querySelectorAll('[id^=\"{kind}-\"]')].map((e) => e.id)")

    def targets(self, name):
        """Returns the first, a middle and the last target of each kind."""
        browser().open(page(name).file, scripts=False)
        static = browser().run(
            """
            const kinds = {function: '#functions tr[data-function], #functions [id^="function-"]', finding: 'details.finding', event: '#events-table [id^="event-"]'};
            return Object.fromEntries(Object.entries(kinds).map(([k, s]) => [k, [...document.querySelectorAll(s)].map((e) => e.id).filter((i) => i.startsWith(k + '-'))]));
            """
        )
        for kind, ids in static.items():
            self.assertTrue(ids, f"{name}: no {kind}")
            yield from {ids[0], ids[len(ids) // 2], ids[-1]}

    def test_a_link_shows_its_function_finding_or_event(self):
        for name in ("demo", "many-24", "fixtures"):
            for target in list(self.targets(name)):
                for size in (WIDE, PHONE):
                    for scripts in (True, False):
                        with self.subTest(page=name, target=target, size=size, scripts=scripts):
                            browser().open(page(name).file, f"#{target}", size=size, scripts=scripts)
                            time.sleep(0.1)
                            self.assertEqual(browser().run(self.IN_VIEW, scripts), "shown")

    def test_a_link_that_was_clicked_opens_its_finding(self):
        browser().open(page("demo").file)
        href = browser().run(
            "const a = [...document.querySelectorAll('a[href^=\"#finding-\"]')].filter((a) => a.checkVisibility() && !a.closest('.finding'));"
            "return a.length ? a[a.length - 1].getAttribute('href') : null"
        )
        self.assertTrue(href, "nothing links to a finding")
        click(f"a[href='{href}']")
        time.sleep(0.2)
        self.assertEqual(browser().run(self.IN_VIEW, True), "shown")

    def test_a_link_to_one_of_many_functions_shows_it(self):
        browser().open(page("many-400").file, scripts=False)
        ids = browser().run("return [...document.querySelectorAll('#functions [id^=\"function-\"]')].map((e) => e.id)")
        self.assertEqual(len(ids), 400)
        for target in (ids[0], ids[150], ids[-1]):
            for scripts in (True, False):
                with self.subTest(target=target, scripts=scripts):
                    browser().open(page("many-400").file, f"#{target}", scripts=scripts)
                    time.sleep(0.1)
                    self.assertEqual(browser().run(self.IN_VIEW, False), "shown")

    def test_a_link_to_what_is_filtered_away_brings_it_back(self):
        browser().open(page("many-24").file)
        target = browser().run("const r = document.querySelectorAll('#functions-table tr[data-function]'); const l = r[r.length - 1]; return l.id || l.querySelector('[id]').id")
        element("#functions-search").send_keys("nothing has this name")
        until(lambda: not function_rows(), "no row is left")
        browser().run("location.hash = arguments[0]", target)
        time.sleep(0.3)
        self.assertEqual(browser().run(self.IN_VIEW, False), "shown")

    def test_every_inner_link_has_its_target_and_every_id_is_unique(self):
        for name in [*PAGES, "many-400", "hostile", "poisoned-0", "poisoned-9", "hostilediff-3"]:
            for scripts in (True, False):
                with self.subTest(page=name, scripts=scripts):
                    browser().open(page(name).file, scripts=scripts)
                    lost, twice, away = browser().run(
                        """
                        const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
                        const links = [...document.querySelectorAll('a[href], area[href], use[href]')].map((a) => a.getAttribute('href'));
                        const own = new Set(ids);
                        return [links.filter((h) => h.startsWith('#') && h !== '#' && !own.has(decodeURIComponent(h.slice(1)))),
                                ids.filter((id, i) => ids.indexOf(id) !== i), links.filter((h) => !h.startsWith('#'))];
                        """
                    )
                    # With scripts a row is made when it is wanted.
                    self.assertEqual([link for link in lost if not (scripts and link.startswith("#function-"))][:5], [], "links without a target")
                    self.assertEqual(twice[:5], [], "ids that are there twice")
                    self.assertEqual([h for h in away if not AWAY.match(h)], [])


class Time(unittest.TestCase):
    def drag(self, start, end):
        chart = element("#time-chart")
        browser().run("arguments[0].scrollIntoView({block: 'center'})", chart)
        width = chart.rect["width"]
        moves = ActionChains(browser().driver, duration=20)
        moves.move_to_element_with_offset(chart, int(width * (start - 0.5)), 0).click_and_hold()
        for step in range(1, 6):
            moves.move_to_element_with_offset(chart, int(width * (start + (end - start) * step / 5 - 0.5)), 0)
        moves.release().perform()
        browser().settle()
        time.sleep(0.2)

    def filtered(self):
        return browser().run("const f = document.getElementById('time-filter'); return f && f.checkVisibility() ? f.innerText : ''")

    def content(self):
        return {kind: shown(selector) for kind, selector in {"events": "#events-table tbody tr", "findings": "details.finding"}.items()}

    def brushed(self, name):
        """Checks what a part of the time shows: less than all, and after the reset all again."""
        everything = self.everything
        part = self.content()
        self.assertTrue(self.filtered(), "it says that a part is shown")
        self.assertRegex(self.filtered(), r"\d\d:\d\d")
        for kind, ids in part.items():
            self.assertLessEqual(set(ids), set(everything[kind]), kind)
        self.assertNotEqual(part, everything, "a part of the time shows less than all of it")
        button = "#time-filter button" if browser().run("return !!document.querySelector('#time-filter button')") else "#time button[type=reset]"
        click(button)
        self.assertEqual(self.filtered(), "")
        self.assertEqual(self.content(), everything)
        self.assertEqual(browser().did()[1], [])

    def test_a_mouse_brushes_a_part_of_the_time(self):
        for name, size in (("many-24", WIDE), ("demo", WIDE), ("many-24", PHONE)):
            for start, end in ((0.75, 0.95), (0.35, 0.15)):
                with self.subTest(page=name, size=size, start=start):
                    browser().open(page(name).file, size=size)
                    self.everything = self.content()
                    self.assertEqual(self.filtered(), "")
                    self.drag(start, end)
                    self.brushed(name)

    def test_the_keyboard_chooses_a_part_of_the_time(self):
        browser().open(page("many-24").file)
        self.everything = self.content()
        controls = browser().driver.find_elements(By.CSS_SELECTOR, "#time input[type=range], #time select")
        self.assertEqual(len(controls), 2, "a beginning and an end")
        for control in controls:
            name = browser().run("const c = arguments[0]; return c.getAttribute('aria-label') || (c.labels[0] || {}).innerText", control)
            self.assertTrue(name, "it has a label")
        browser().run("arguments[0].scrollIntoView({block: 'center'}); arguments[0].focus()", controls[0])
        ActionChains(browser().driver).send_keys(*[Keys.ARROW_RIGHT if controls[0].tag_name == "input" else Keys.ARROW_DOWN] * 8).perform()
        browser().settle()
        time.sleep(0.2)
        self.brushed("many-24")

    def test_a_part_without_failures_says_so(self):
        browser().open(page("demo").file)
        self.drag(0.02, 0.1)
        self.assertEqual(self.content(), {"events": [], "findings": []})
        self.assertIn(f"0 of {len(page('demo').json['events_to_check'])} events", self.filtered())

    def test_the_events_of_that_time_are_shown(self):
        browser().open(page("many-24").file)
        rows = "return [...document.querySelectorAll('#events-table tbody tr')].filter((r) => r.checkVisibility()).map((r) => r.querySelector('time').dateTime)"
        everything = browser().run(rows)
        self.drag(0.3, 0.6)
        chosen = browser().run("return ['time-from', 'time-to'].map((id) => document.getElementById(id).selectedOptions[0].textContent)")
        begin, end = (f"{page('many-24').json['window']['start'][:10]}T{clock}" for clock in chosen)
        found = browser().run(rows)
        self.assertTrue(found)
        self.assertEqual([at for at in found if at > end], [], "began after it")
        self.assertLessEqual({at for at in everything if begin <= at < end}, set(found))


class Events(unittest.TestCase):
    def pasted(self):
        """Returns what a reader gets who pastes: in another tab, with the keys that people use."""
        driver, own = browser().driver, browser().driver.current_window_handle
        driver.switch_to.new_window("tab")
        driver.get("data:text/html,<textarea autofocus></textarea>")
        box = driver.find_element(By.TAG_NAME, "textarea")
        box.send_keys(Keys.CONTROL, "v")
        text = box.get_attribute("value")
        driver.close()
        driver.switch_to.window(own)
        return text

    def test_the_ids_of_what_is_ticked_are_copied(self):
        browser().open(page("many-24").file)
        events = page("many-24").json["events_to_check"]
        boxes = browser().driver.find_elements(By.CSS_SELECTOR, "#events-table tbody input[type=checkbox]")
        self.assertEqual(len(boxes), len(events))
        wanted = []
        for place_ in (0, 2):
            row = browser().run("return arguments[0].closest('tr').innerText", boxes[place_])
            wanted.append(next(event["request_id"] for event in events if event["request_id"] in row))
            browser().run("arguments[0].scrollIntoView({block: 'center'})", boxes[place_])
            boxes[place_].click()
        click("#events-copy")
        time.sleep(0.3)
        self.assertEqual(self.pasted().split(), wanted)
        self.assertEqual(browser().did()[1], [])

    def test_the_filter_keeps_what_fits(self):
        browser().open(page("many-24").file)
        events = page("many-24").json["events_to_check"]
        self.assertEqual(len(shown("#events-table tbody tr")), len(events))
        control = element("#events-filter")
        counts = []
        if control.tag_name == "select":
            for value in browser().run("return [...arguments[0].options].map((o) => o.value)", control):
                browser().run("arguments[0].focus(); arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}));"
                              "arguments[0].dispatchEvent(new Event('change', {bubbles: true}))", control, value)
                time.sleep(0.2)
                counts.append(len(shown("#events-table tbody tr")))
            self.assertEqual(max(counts), len(events))
            self.assertLess(min(counts), len(events))
        else:
            control.send_keys(events[0]["function"])
            time.sleep(0.4)
            counts = len(shown("#events-table tbody tr"))
            self.assertEqual(counts, sum(event["function"] == events[0]["function"] for event in events))

    def saved(self):
        for old in browser().downloads.iterdir():
            old.unlink()
        click("#events-csv")
        file = until(lambda: [f for f in browser().downloads.iterdir() if f.suffix == ".csv"], "a .csv file is saved")[0]
        return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")))

    def test_the_csv_file_holds_what_the_json_holds(self):
        for name in ("demo", "many-24", "fixtures", "hostile", "poisoned-5"):
            with self.subTest(page=name):
                browser().open(page(name).file)
                events = page(name).json["events_to_check"]
                rows = self.saved()
                self.assertEqual(len(rows), len(events))
                for row, event in zip(rows, events):
                    for column, text in row.items():
                        self.assertIsNotNone(text, row)
                        self.assertNotRegex(text, r"^[=+@\t\r|%＝＋－＠]|^-(?![\d.]+$)", f"{column} is a formula")
                    for column in set(row) & set(event):
                        want = event[column]
                        if column == "function" and want is None:
                            continue
                        want = "" if want is None else str(want).lower() if isinstance(want, bool) else str(want)
                        # Other characters are shown as what they are.
                        if re.fullmatch(r"[ -~]*", want):
                            self.assertIn(row[column], (want.strip(), f"'{want.strip()}"), column)
                    self.assertIn("request_id", row)
                    self.assertIn("function", row)
                self.assertEqual(browser().did()[1], [])


class Print(unittest.TestCase):
    def printed(self, name, **options):
        browser().open(page(name).file, **options)
        titles = browser().run("return [...document.querySelectorAll('details.finding > summary')].map((s) => s.textContent)")
        reader = PdfReader(io.BytesIO(base64.b64decode(browser().pdf())))
        return titles, squeezed("".join(sheet.extract_text() for sheet in reader.pages)), len(reader.pages)

    def test_paper_holds_every_finding_in_full(self):
        for name in ("demo", "many-24"):
            for scripts in (True, False):
                with self.subTest(page=name, scripts=scripts):
                    titles, text, sheets = self.printed(name, scripts=scripts)
                    self.assertTrue(titles)
                    for function in page(name).json["functions"]:
                        self.assertIn(squeezed(function["function"]), text)
                    for title in titles:
                        # Words, for a picture between them may be read at another place.
                        for word in title.split():
                            self.assertIn(squeezed(word), text, title)
                    hints = {finding["hint"] for function in page(name).json["functions"] for finding in function["findings"]}
                    folded = [hint for hint in hints if squeezed(hint)[:40] not in text]
                    self.assertLess(len(folded), max(1, len(hints) // 2) if name != "demo" else 1, folded[:2])

    def test_paper_is_white_also_where_the_screen_is_dark(self):
        browser().open(page("demo").file, scheme="dark", media="print")
        color = browser().run("return [getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
        for background in color[:2]:
            parts = [float(part) for part in re.findall(r"[\d.]+", background)]
            self.assertTrue(parts[3:] == [0.0] or min(parts[:3]) > 240, color)
        self.assertLess(max(float(part) for part in re.findall(r"[\d.]+", color[2])[:3]), 100, color)

    def test_controls_are_not_printed(self):
        browser().open(page("demo").file, media="print")
        self.assertEqual(shown("input, select, #events-copy, #events-csv, #time-filter"), [])


class WithoutScripts(unittest.TestCase):
    def test_everything_is_there(self):
        for name in ("demo", "fixtures", "many-24"):
            with self.subTest(page=name):
                browser().open(page(name).file, scripts=False)
                answer = page(name).json
                sections = browser().run("return [...document.querySelectorAll('main [id], header[id], section[id]')].filter((e) => arguments[0].includes(e.id) && e.checkVisibility()).map((e) => e.id)", SECTIONS)
                wanted = [s for s in SECTIONS if s != "warnings" or answer["totals"]["early_warnings"]]
                self.assertEqual([s for s in sections if s in wanted], wanted)
                text = browser().run("return document.body.textContent")
                for function in answer["functions"]:
                    self.assertIn(function["function"], text)
                for event in answer["events_to_check"][:50]:
                    self.assertIn(event["request_id"], text)
                self.assertEqual(len(function_rows()), len(answer["functions"]))
                self.assertEqual(browser().did()[:3], ([browser().url], [], []))

    def test_details_unfold(self):
        browser().open(page("demo").file, scripts=False)
        folded = browser().run("return [...document.querySelectorAll('details:not([open])')].filter((d) => d.checkVisibility()).length")
        for _ in range(3):
            summary = browser().run("return [...document.querySelectorAll('details:not([open]) > summary')].filter((s) => s.checkVisibility())[0]")
            if not summary:
                break
            browser().run("arguments[0].scrollIntoView({block: 'center'})", summary)
            summary.click()
            self.assertTrue(browser().run("return arguments[0].parentElement.open", summary))
        self.assertGreater(folded, 0)

    def test_no_control_that_does_nothing_is_shown(self):
        for name in ("demo", "diff"):
            browser().open(page(name).file, scripts=False)
            dead = browser().run("return [...document.querySelectorAll('button, input, select, textarea')].filter((e) => e.checkVisibility() && !e.disabled).map((e) => e.outerHTML.slice(0, 100))")
            self.assertEqual(dead[:5], [], name)


class Narrow(unittest.TestCase):
    def test_the_page_does_not_scroll_sideways(self):
        for name in [*PAGES, "poisoned-0", "hostile", "hostilediff-3"]:
            for size in (NARROW, PHONE, WIDE, (3840, 2160)):
                with self.subTest(page=name, width=size[0]):
                    browser().open(page(name).file, size=size)
                    browser().run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                    browser().settle()
                    wide = browser().run(
                        """
                        const page = document.scrollingElement;
                        // innerWidth grows with what sticks out.
                        const room = document.documentElement.clientWidth;
                        if (page.scrollWidth <= room && innerWidth <= arguments[0]) return [];
                        const scrolls = (e) => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
                            if (getComputedStyle(p).overflowX !== 'visible') return true; return false; };
                        return [`${page.scrollWidth} > ${room}`, ...[...document.body.querySelectorAll('*')]
                            .filter((e) => e.getBoundingClientRect().right > room + 1 && !scrolls(e)).slice(0, 3).map((e) => e.outerHTML.slice(0, 120))];
                        """,
                        size[0],
                    )
                    self.assertEqual(wide, [])
