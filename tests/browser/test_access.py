"""Whether everybody can read the page: axe-core, the order of headings, the focus, motion."""

import unittest

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from browser import PHONE, WIDE
from pages import browser, page, place

VIEWS = [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")]


class Access(unittest.TestCase):
    maxDiff = None

    def violations(self, name, unfold):
        found = {}
        for size, scheme in VIEWS:
            browser().open(page(name).file, size=size, scheme=scheme)
            if unfold:
                browser().run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            violations, passes = browser().axe()
            self.assertGreaterEqual(passes, 15)
            for violation in violations:
                found.setdefault(violation, []).append(f"{size[0]} {scheme}")
        with self.subTest(page=name, unfolded=unfold):
            self.assertEqual([f"{violation} [{', '.join(views)}]" for violation, views in found.items()], [])

    def test_axe_finds_nothing(self):
        for name in ("demo", "many-24", "diff", "healthy"):
            self.violations(name, False)

    def test_axe_finds_nothing_in_what_is_folded(self):
        for name in ("demo", "diff", "hostile"):
            self.violations(name, True)

    def test_axe_finds_what_is_wrong(self):
        file = place("wrong.html")
        file.write_text("<!doctype html><title>x</title><p style='color:#ccc'>pale</p><img src=x><button></button><input>")
        browser().open(file)
        rules = {violation.partition(":")[0] for violation in browser().axe()[0]}
        self.assertLessEqual({"color-contrast", "image-alt", "button-name", "html-has-lang", "label"}, rules)

    def test_headings_make_an_outline(self):
        for name in ("demo", "diff"):
            browser().open(page(name).file)
            levels = browser().run("return [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((h) => Number(h.localName[1]))")
            self.assertEqual(levels.count(1), 1)
            self.assertEqual(levels[0], 1)
            self.assertTrue(all(b <= a + 1 for a, b in zip(levels, levels[1:])), levels)

    def test_the_focus_is_always_seen(self):
        browser().open(page("demo").file)
        unseen, stops = [], 0
        for _ in range(60):
            ActionChains(browser().driver).send_keys(Keys.TAB).perform()
            found = browser().run(
                """
                const e = document.activeElement;
                if (!e || e === document.body) return null;
                const s = getComputedStyle(e), box = e.getBoundingClientRect();
                const marked = (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1) || s.boxShadow !== 'none';
                const at = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 10));
                return [marked, box.bottom > 0 && box.top < innerHeight && !!at && (e.contains(at) || at.contains(e)), e.outerHTML.slice(0, 80)];
                """
            )
            if found is None:
                break
            stops += 1
            if not (found[0] and found[1]):
                unseen.append(found)
        self.assertGreater(stops, 10)
        self.assertEqual(unseen[:4], [], "without a mark, or behind something")

    def test_charts_have_names(self):
        for name in ("demo", "many-24", "diff"):
            browser().open(page(name).file)
            unnamed = browser().run(
                """
                return [...document.querySelectorAll('svg')].filter((s) => !s.closest('[aria-hidden=true]') && !s.parentElement.closest('svg'))
                    .filter((s) => !(s.getAttribute('role') === 'img' && (s.getAttribute('aria-label') || s.getAttribute('aria-labelledby') || s.querySelector(':scope > title'))))
                    .map((s) => s.outerHTML.slice(0, 100));
                """
            )
            self.assertEqual(unnamed[:3], [], name)

    def test_tables_have_captions_and_headers(self):
        for name in ("demo", "diff"):
            browser().open(page(name).file)
            poor = browser().run(
                """
                return [...document.querySelectorAll('table')].filter((t) => !(t.caption || t.getAttribute('aria-label') || t.getAttribute('aria-labelledby'))
                    || !t.querySelector('th[scope]')).map((t) => t.outerHTML.slice(0, 100));
                """
            )
            self.assertEqual(poor, [], name)
