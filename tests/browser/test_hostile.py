"""Pages whose every word is hostile: nothing of it runs, asks, shows a dialog or becomes an element, with the page's policy and without."""

import os
import re
import time
import unittest

import corpora
from pages import browser, page, place

# Each turn puts every text at another place: as many as there are texts put each text at each place.
TURNS = range(0, len(corpora.HOSTILE), 1 if os.environ.get("ALL_CASES") else 6)
POLICY = re.compile(r"<meta\s[^>]*Content-Security-Policy[^>]*>", re.IGNORECASE)

STRANGE = """
    const own = arguments[0];
    const found = [];
    for (const e of document.querySelectorAll('*')) {
        if (!own.includes(e.localName)) found.push('<' + e.localName + '>');
        for (const a of e.attributes) {
            if (a.name.startsWith('on') || ['style', 'srcdoc', 'action', 'formaction', 'background', 'ping'].includes(a.name)) found.push(a.name + '=' + a.value);
            if (/^(href|src|xlink:href|data)$/.test(a.name) && !/^(#|https:\\/\\/([a-z0-9-]+\\.){0,2}(aws\\.amazon|amazonaws)\\.com\\/|data:image\\/)/.test(a.value))
                found.push(a.name + '=' + a.value);
        }
    }
    return [...new Set(found)].slice(0, 8);
"""

# The page uses everything once: what is made by scripts is hostile only then.
USE = """
    for (const d of document.querySelectorAll('details')) d.open = true;
    for (const b of document.querySelectorAll('th button, [role=tab], #events-copy, #events-csv')) b.click();
    for (const i of document.querySelectorAll('input[type=search], input[type=text], input:not([type])')) {
        for (const text of ['<', 'script', '']) { i.value = text; i.dispatchEvent(new Event('input', {bubbles: true})); }
    }
    for (const e of document.querySelectorAll('main *')) {
        for (const kind of ['mouseover', 'mouseenter', 'focus', 'toggle']) e.dispatchEvent(new Event(kind));
    }
    window.scrollTo(0, document.body.scrollHeight);
"""


def elements(file):
    """Returns the names of all elements of a page."""
    browser().open(file)
    return browser().run("return [...new Set([...document.querySelectorAll('*')].map((e) => e.localName))]")


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # What pages of ordinary logs are made of.
        cls.own = {kind: set().union(*(elements(page(name).file) for name in names)) for kind, names in
                   {"page": ["demo", "many-24", "fixtures"], "diff": ["diff", "demo"]}.items()}

    def harmless(self, file, kind, policy):
        browser().open(file, offline=False)
        browser().run(USE)
        browser().settle()
        time.sleep(0.3)
        requests, said, dialogs, asked = browser().did()
        self.assertIsNone(browser().run("return window.__ran || null"), "a script ran")
        self.assertEqual([url for url in requests if not url.startswith("blob:")], [browser().url])
        self.assertEqual([line for line in asked if corpora.EVIL in line], [])
        self.assertEqual(dialogs, [])
        self.assertEqual(browser().driver.current_url.partition("#")[0], browser().url)
        self.assertEqual(len(browser().driver.window_handles), 1)
        if policy:
            self.assertEqual(said, [])
        own = list(self.own[kind] | {"data", "time", "code"})
        self.assertEqual(browser().run(STRANGE, own), [], "elements and attributes that no page of ours has")

    def each_way(self, name, kind="page"):
        with self.subTest(page=name):
            self.harmless(page(name).file, kind, True)
        with self.subTest(page=name, policy="none"):
            # The escaping must hold alone.
            text = POLICY.sub("", page(name).text)
            self.assertNotEqual(text, page(name).text)
            file = place(f"{name}-without-policy.html")
            file.write_text(text)
            self.harmless(file, kind, False)

    def test_a_hostile_log(self):
        self.each_way("hostile")

    def test_a_hostile_summary(self):
        for turn in TURNS:
            self.each_way(f"poisoned-{turn}")

    def test_a_hostile_comparison(self):
        for turn in list(TURNS)[::2]:
            self.each_way(f"hostilediff-{turn}", "diff")

    def test_hostile_text_is_shown_as_text(self):
        browser().open(page("hostile").file, scripts=False)
        text = browser().run("return document.body.textContent")
        self.assertIn("<script>window.__ran='script'</script>", text)
        self.assertIn("&lt;script&gt;window.__ran='entity'", text)
        self.assertIn("__proto__", text)
        self.assertIsNone(re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00-\x08\x0b\x0e-\x1f]", text), "characters that hide or turn text")

    def test_names_of_the_language_are_names(self):
        browser().open(page("hostile").file)
        for name in ("__proto__", "constructor", "getElementById", "status"):
            with self.subTest(name=name):
                box = browser().driver.find_element("css selector", "#functions-search")
                box.clear()
                box.send_keys(name)
                time.sleep(0.4)
                rows = browser().run("return [...document.querySelectorAll('#functions-table tr[data-function]')].filter((r) => r.checkVisibility()).map((r) => r.dataset.function)")
                self.assertTrue(any(name in row for row in rows), rows[:3])
                self.assertTrue(all(name.lower() in row.lower() for row in rows), rows[:3])
        self.assertEqual(browser().did()[1], [])

    def test_hostile_links_reach_their_targets(self):
        browser().open(page("hostile").file, scripts=False)
        ids = browser().run("return [...document.querySelectorAll('[id^=\"function-\"], [id^=\"finding-\"], [id^=\"event-\"]')].map((e) => e.id)")
        self.assertGreater(len(ids), 40)
        for one in ids:
            self.assertRegex(one, r"^[A-Za-z0-9._~%:@!$&()*+,;=-]+$", "an id that can stand behind # as it is")

    def test_a_hole_is_noticed(self):
        text = page("demo").text.replace("</main>", "<i onclick=window.__ran=1>x</i><img src=http://a.evil.test/></main>")
        file = place("hole.html")
        file.write_text(POLICY.sub("", text))
        with self.assertRaises(AssertionError):
            self.harmless(file, "page", False)
        browser().open(file, offline=False)
        self.assertLessEqual({"onclick=window.__ran=1", "src=http://a.evil.test/"}, set(browser().run(STRANGE, list(self.own["page"]))))
