"""Measures pages of many functions: how long opening, sorting and searching take. Reports, and asserts nothing of the clock."""

import statistics
import sys

from pages import browser, page

OPENED = """
    const done = arguments[arguments.length - 1], n = performance.getEntriesByType('navigation')[0];
    const tell = (paint) => done([n.domInteractive, n.loadEventEnd, paint, document.querySelectorAll('*').length,
        document.querySelectorAll('#functions-table tr[data-function]').length]);
    new PerformanceObserver((l) => l.getEntriesByName('first-contentful-paint').forEach((e) => tell(e.startTime))).observe({type: 'paint', buffered: true});
"""

# Time from the act until the frame that shows what came of it is done.
ACT = """
    const [act, value, done] = arguments, times = [];
    const frame = () => new Promise((r) => requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = r; c.port2.postMessage(0); }));
    const quiet = () => new Promise((r) => setTimeout(r, 250));
    const acts = {
        sort: () => document.querySelector(`#functions-table th button[data-sort='${value}']`).click(),
        search: () => { const i = document.getElementById('functions-search'); i.value = value; i.dispatchEvent(new Event('input', {bubbles: true})); },
        scroll: () => window.scrollBy(0, Number(value)),
    };
    (async () => {
        await quiet();
        let longest = 0;
        const watch = new PerformanceObserver((l) => l.getEntries().forEach((e) => { longest = Math.max(longest, e.duration); }));
        watch.observe({type: 'longtask'});
        const start = performance.now();
        acts[act]();
        const script = performance.now() - start;
        await frame();
        const shown = performance.now() - start;
        await quiet();
        watch.disconnect();
        done([script, shown, longest]);
    })();
"""


def act(kind, value):
    return browser().driver.execute_async_script(ACT, kind, value)


def measure(functions):
    made = page(f"many-{functions}")
    opened = []
    for _ in range(3):
        browser().open(made.file)
        opened.append(browser().driver.execute_async_script(OPENED))
    interactive, loaded, paint, nodes, rows = (statistics.median(column) for column in zip(*opened))
    print(f"{functions:>6,} functions: {made.file.stat().st_size / 1e6:.2f} MB, {nodes:,.0f} elements, {rows:,.0f} rows; "
          f"first paint {paint:.0f} ms, interactive {interactive:.0f} ms, loaded {loaded:.0f} ms")
    keys = browser().run("return [...document.querySelectorAll('#functions-table th button[data-sort]')].map((b) => b.dataset.sort)")
    acts = [("sort", key) for key in (keys[0], keys[1], keys[1], keys[-1])]
    acts += [("search", text) for text in ("s", "shop-b", "00012", "")] + [("scroll", "20000"), ("scroll", "200000"), ("scroll", "-300000")]
    for kind, value in acts:
        script, shown, longest = act(kind, value)
        print(f"        {kind:7}{value or '(all)':12}script {script:6.1f} ms, shown after {shown:6.1f} ms, longest task {longest:6.1f} ms")


if __name__ == "__main__":
    for count in sys.argv[1:] or (24, 2_000, 10_000):
        measure(int(count))
