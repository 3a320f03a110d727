"""Starts a real Chromium that reaches nothing but files, and tells what a page did in it."""

import importlib.util
import json
import os
import shutil
import socketserver
import sys
import threading
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

BROWSERS = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"]
WIDE, PHONE, NARROW = (1280, 800), (390, 844), (320, 640)


def find_browser():
    """Returns the browser and its driver, or says what is missing."""
    named = os.environ.get("CHROME")
    browser = shutil.which(named) if named else next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if not browser:
        return None, f"CHROME={named} is not a program" if named else "no Chromium or Chrome in CHROME or on the PATH"
    return (browser, driver) if driver else (None, "no chromedriver on the PATH")


class Trap(socketserver.ThreadingTCPServer):
    """Server that stands in for the whole network: it answers nothing and keeps the first line of every request."""

    daemon_threads = True

    class _Handler(socketserver.StreamRequestHandler):
        def handle(self):
            line = self.rfile.readline(4096).decode("latin-1").strip()
            self.server.asked.append(line)
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self._Handler)
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Browser:
    """One Chromium. `open` gives a fresh page; `did` tells what it asked for, said and showed since."""

    def __init__(self, folder):
        program, driver = find_browser()
        self.folder = Path(folder)
        self.downloads = self.folder / "downloads"
        self.downloads.mkdir(parents=True, exist_ok=True)
        self.trap = Trap()
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for flag in [
            "--headless=new",
            f"--user-data-dir={self.folder / 'profile'}",
            # Whatever leaves the browser goes to the trap, loopback too.
            f"--proxy-server=http://127.0.0.1:{self.trap.server_address[1]}",
            "--proxy-bypass-list=<-loopback>",
            # What Chromium asks for by itself would hide what a page asks for.
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-default-apps",
            "--disable-domain-reliability",
            "--disable-sync",
            "--no-first-run",
            "--disable-dev-shm-usage",
            "--force-color-profile=srgb",
            "--lang=en-US",
        ] + (["--no-sandbox"] if os.getuid() == 0 else []):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        options.set_capability("unhandledPromptBehavior", "ignore")
        options.set_capability("timeouts", {"script": 120_000, "pageLoad": 120_000})
        self.driver = webdriver.Chrome(options, Service(driver))
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))
        self.call("Network.enable")

    def close(self):
        self.driver.quit()
        self.trap.shutdown()
        self.trap.server_close()

    def call(self, method, **parameters):
        return self.driver.execute_cdp_cmd(method, parameters)

    def run(self, script, *arguments):
        """Runs JavaScript in the page, whatever its policy is, also where the page's own is off."""
        return self.driver.execute_script(script, *arguments)

    def open(self, file, fragment="", size=WIDE, scheme="light", scripts=True, media="", offline=True):
        self.driver.get("about:blank")
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)
        self.call("Network.emulateNetworkConditions", offline=offline, latency=0, downloadThroughput=-1, uploadThroughput=-1)
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)
        self.trap.asked.clear()
        self.url = Path(file).resolve().as_uri()
        self.scripts = scripts
        self.driver.get(self.url + fragment)
        self.settle()

    def settle(self):
        """Waits until the page has shown what it was told to."""
        if not self.scripts:
            # Callbacks are the page's scripts too.
            time.sleep(0.2)
            return
        self.driver.execute_async_script("""
            const done = arguments[arguments.length - 1];
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)));
        """)

    def did(self):
        """Returns (requests, complaints on the console, dialogs, requests that left the browser) since `open`."""
        requests, dialogs = [], []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                requests.append(message["params"]["request"]["url"])
            elif message["method"] == "Page.javascriptDialogOpening":
                dialogs.append(message["params"]["message"])
        said = [entry["message"] for entry in self.driver.get_log("browser")]
        return requests, said, dialogs, list(self.trap.asked)

    def axe(self):
        """Returns the violations that axe-core finds: rule, what it is, first elements."""
        self.run(axe_source())
        found = self.driver.execute_async_script("""
            const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then(done, (error) => done({failed: String(error)}));
        """)
        if "failed" in found:
            raise RuntimeError(found["failed"])
        return [
            f"{rule['id']}: {rule['help']} ({len(rule['nodes'])}): "
            + "; ".join(f"{' '.join(map(str, node['target']))}: {node['failureSummary']}" for node in rule["nodes"][:3])
            for rule in found["violations"]
        ], len(found["passes"])

    def pdf(self, **settings):
        return self.call("Page.printToPDF", printBackground=True, **settings)["data"]

    def picture(self):
        return self.call("Page.captureScreenshot", format="png")["data"]


def axe_source():
    """Returns axe-core, which a Python package carries."""
    return (Path(importlib.util.find_spec("axe_playwright_python").origin).parent / "axe.min.js").read_text()


if __name__ == "__main__":
    program, missing = find_browser()
    if not program:
        sys.exit(missing)
