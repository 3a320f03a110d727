"""Runs the tests of the page in a real browser, and says how many passed. `check.py [NAME]...` runs those with such a name."""

import sys
import time
import unittest
from pathlib import Path


def main(names):
    began = time.monotonic()
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*" for name in names] or None
    suite = loader.discover(str(Path(__file__).parent), "test_*.py")
    result = unittest.TextTestRunner(sys.stdout, verbosity=1).run(suite)
    if not names:
        import figures

        for count in (24, 2_000, 10_000):
            figures.measure(count)
    # Several parts of one test can fail.
    bad = len({getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors})
    print(f"browser: {result.testsRun - bad} passed, {bad} failed ({time.monotonic() - began:.0f} s)")
    sys.exit(not result.wasSuccessful() or result.testsRun == 0)


if __name__ == "__main__":
    main(sys.argv[1:])
