"""A headless Chromium, driven by the DevTools protocol over pipes: JSON messages that end with a zero byte."""

import base64
import itertools
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_browser():
    """The path of an installed browser; None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A browser with one tab. Ends with the `with` block."""

    def __init__(self, path):
        self.folder = tempfile.mkdtemp()
        commands_in, self.commands = os.pipe()
        self.answers, answers_out = os.pipe()
        options = ["--headless=new", "--remote-debugging-pipe", f"--user-data-dir={self.folder}", "--no-first-run",
                   "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                   "--disable-component-update", "--hide-scrollbars", "--lang=en-US"]
        if os.geteuid() == 0:
            # The sandbox of Chromium refuses the superuser.
            options.append("--no-sandbox")
        # The browser takes commands from descriptor 3 and answers on descriptor 4.
        script = f'exec "$0" "$@" 3<&{commands_in} 4>&{answers_out}'
        self.process = subprocess.Popen(
            ["bash", "-c", script, path, *options], pass_fds=(commands_in, answers_out),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(commands_in)
        os.close(answers_out)
        self.numbers = itertools.count(1)
        self.messages = queue.Queue()
        self.events = []
        self.session = None
        threading.Thread(target=self._receive, daemon=True).start()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Audits", "Accessibility"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        os.close(self.commands)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _receive(self):
        with open(self.answers, "rb") as stream:
            rest = b""
            while data := stream.read1():
                *messages, rest = (rest + data).split(b"\0")
                for message in messages:
                    self.messages.put(json.loads(message))
        self.messages.put(None)

    def call(self, method, **parameters):
        """Calls a method of the protocol and returns its result."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            try:
                answer = self.messages.get(timeout=60)
            except queue.Empty:
                raise TimeoutError(f"the browser does not answer {method}") from None
            if answer is None:
                raise ConnectionError("the browser has ended")
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    # The tab.

    def open(self, url):
        self.call("Page.navigate", url=url)
        self.wait("the page has loaded", "document.readyState === 'complete'")

    def evaluate(self, expression):
        """The value of an expression of JavaScript in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']['exception'].get('description')}")
        return answer["result"].get("value")

    def wait(self, what, condition, seconds=30):
        """Waits until an expression is true."""
        deadline = time.monotonic() + seconds
        while not self.evaluate(condition):
            if time.monotonic() > deadline:
                raise TimeoutError(f"timed out waiting until {what}: {condition}")
            time.sleep(0.05)

    def press(self, key):
        code = {"Tab": 9, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35}[key]
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def show(self, width, height, scheme):
        """Changes the size of the window and the colour scheme, and waits until the page is drawn so."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.wait("the size has changed", f"innerWidth === {width} && innerHeight === {height}")
        self.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")

    def screenshot(self, path):
        """Writes a PNG of the window."""
        answer = self.call("Page.captureScreenshot", format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def complaints(self):
        """The errors and warnings of the console, exceptions, and breaches of the security policy, since the last call."""
        self.evaluate("0")
        events, self.events = self.events, []
        found = []
        for event in events:
            parameters = event.get("params", {})
            match event.get("method"):
                case "Runtime.exceptionThrown":
                    details = parameters["exceptionDetails"]
                    found.append(details.get("exception", {}).get("description") or details["text"])
                case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "warning", "assert"):
                    found.append(" ".join(str(part.get("value")) for part in parameters["args"]))
                case "Log.entryAdded" if parameters["entry"]["level"] in ("error", "warning"):
                    found.append(parameters["entry"]["text"])
                case "Audits.issueAdded":
                    found.append(json.dumps(parameters["issue"]))
        return found
