"""Takes pictures of a page: `pictures.py FILE OUTDIR`."""

import base64
import sys
import tempfile
from pathlib import Path

from browser import PHONE, WIDE, Browser, find_browser

# A picture of more is not looked at, and not all programs open it.
TALLEST = 12_000


def main(file, out):
    if not find_browser()[0]:
        sys.exit(find_browser()[1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(folder)
        try:
            for size, name in ((WIDE, "wide"), (PHONE, "phone")):
                for scheme in ("light", "dark"):
                    browser.open(file, size=size, scheme=scheme)
                    (out / f"{name}-{scheme}.png").write_bytes(base64.b64decode(browser.picture()))
                    height = browser.run("return document.documentElement.scrollHeight")
                    browser.open(file, size=(size[0], min(height, TALLEST)), scheme=scheme)
                    (out / f"{name}-{scheme}-whole.png").write_bytes(base64.b64decode(browser.picture()))
            browser.open(file)
            (out / "print.pdf").write_bytes(base64.b64decode(browser.pdf()))
        finally:
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
