# SPDX-License-Identifier: MIT
"""A headless Chromium with one page, through the WebDriver protocol of chromedriver."""

import json
import re
import urllib.error
import urllib.request

from harness import Folder, Process, require, wait_until
from registry import Failure

OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync"]
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "End": "\ue010", "Home": "\ue011",
        "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015"}
PATIENCE_S = 60


class Browser:
    """Ends with the `with` block."""

    def __enter__(self):
        self.folder = Folder()
        profile = self.folder.__enter__()
        self.driver = Process("chromedriver", "--port=0")
        self.session = ""
        try:
            started = wait_until(lambda: re.search(r"successfully on port (\d+)\.", self.driver.stdout), "chromedriver")
            self.port = started[1]
            chrome = {"args": [*OPTIONS, f"--user-data-dir={profile}"]}
            wanted = {"goog:loggingPrefs": {"browser": "ALL"}, "goog:chromeOptions": chrome}
            made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self.session = f"/session/{made['sessionId']}"
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.session:
            self._call("DELETE", self.session)
        self.driver.__exit__()
        self.folder.__exit__()

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method, data=data)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Failure(f"browser, {path}: {error.read().decode(errors='replace')[:500]}") from None

    def js(self, code, *args):
        """What the body of a function returns."""
        return self._call("POST", f"{self.session}/execute/sync", {"script": code, "args": list(args)})

    def devtools(self, command, **params):
        return self._call("POST", f"{self.session}/goog/cdp/execute", {"cmd": command, "params": params})

    def show(self, path, width=1280, scheme="light", media=""):
        """Opens a file in a window of this width, which is a phone's if narrow."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.devtools("Emulation.setEmulatedMedia", media=media, features=features)
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                      mobile=width < 600)
        self._call("POST", f"{self.session}/url", {"url": path.resolve().as_uri()})

    def wait_for(self, code, what):
        wait_until(lambda: self.js(f"return {code}"), f"{what} in the browser")

    def press(self, *keys):
        actions = [{"type": kind, "value": KEYS[key]} for key in keys for kind in ("keyDown", "keyUp")]
        self._call("POST", f"{self.session}/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def point(self, selector, right=0.5, down=0.5, click=False):
        """At that share of the element's width and height, after scrolling there."""
        x, y = self.js("""const node = document.querySelector(arguments[0]);
            node.scrollIntoView({ block: "center" });
            const box = node.getBoundingClientRect();
            return [box.left + box.width * arguments[1], box.top + box.height * arguments[2]];""",
                       selector, right, down)
        actions = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 0}]
        if click:
            actions += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}
        self._call("POST", f"{self.session}/actions", {"actions": [mouse]})

    def count(self, selector):
        return self.js("return document.querySelectorAll(arguments[0]).length", selector)

    def texts(self, selector):
        return self.js("return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector)

    def text(self):
        """What can be read on the page."""
        return self.js("return document.body.innerText")

    def focus(self, selector):
        self.js("document.querySelector(arguments[0]).focus()", selector)

    def choose(self, selector, value):
        self.js("""const choice = document.querySelector(arguments[0]);
            choice.value = arguments[1];
            choice.dispatchEvent(new Event("change"));""", selector, value)

    def complaints(self):
        """What is on the console since the last time it was asked for."""
        return [entry["message"] for entry in self._call("POST", f"{self.session}/se/log", {"type": "browser"})]

    def require_content(self):
        """No complaint, and nothing wider than the window."""
        found = self.complaints()
        require(not found, f"on the console: {found}")
        inner, page = self.js("return [innerWidth, document.documentElement.scrollWidth]")
        require(page <= inner, f"the page is {page} wide, the window {inner}")
