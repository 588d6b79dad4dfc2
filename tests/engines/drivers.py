"""Three browser engines behind one small interface: what a person does to sign in and save a file.

Chromium is driven by Playwright, Firefox by its own WebDriver BiDi socket, WebKit by Debian's WebKitWebDriver on an
Xvfb display. Clicks and keys are the engine's own input events, so that what a link does is what it does for a person.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import httpx
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright
from websockets.sync.client import connect

LOOK_EVERY_S = 0.1
WAIT_S = 60.0
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # what WebDriver calls a reference to an element
ENTER = "\ue007"
# The first visible element that matches a selector and, when given, whose text is these words; open shadow roots too.
FIND = """
const [selector, words] = arguments;
const all = root => [...root.querySelectorAll(selector),
  ...[...root.querySelectorAll("*")].filter(e => e.shadowRoot).flatMap(e => all(e.shadowRoot))];
return all(document).find(e =>
  e.checkVisibility() && !e.matches(":disabled") && (!words || e.innerText.trim().endsWith(words))) || null;
"""


# What the page's content policy refused, from before this runs too, kept until it is asked for.
WATCH = """
if (!window.policyErrors) {
  window.policyErrors = [];
  const said = e => e.effectiveDirective + " " + (e.blockedURI || e.blockedURL);
  document.addEventListener("securitypolicyviolation", e => window.policyErrors.push(said(e)));
  try {
    new ReportingObserver(found => window.policyErrors.push(...found.map(one => said(one.body))),
      {types: ["csp-violation"], buffered: true}).observe();
  } catch { }
}
return JSON.stringify(window.policyErrors);
"""


LIE_STILL = """async part => {
  part.scrollIntoView({block: "center", behavior: "instant"});
  for (let top; top !== (top = part.getBoundingClientRect().top);) await new Promise(done => setTimeout(done, 200));
}"""


class Refused(Exception):
    """An engine does not do what it is told now, as while it goes from one page to another."""


class Engine(Protocol):
    """A browser with one window."""

    def open(self, url: str) -> None: ...
    def find(self, selector: str, words: str = "") -> bool: ...
    def click(self, selector: str, words: str = "") -> None: ...
    def fill(self, selector: str, text: str, *, enter: bool = False) -> None: ...
    def run(self, script: str) -> Any: ...
    def windows(self) -> int: ...


def until(look: Callable[[], Any], what: str, *, seconds: float = WAIT_S) -> Any:
    """Look until there is something."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(Refused, PlaywrightError):
            if found := look():
                return found
        assert time.monotonic() < end, f"not seen: {what}"
        time.sleep(LOOK_EVERY_S)


def policy_errors(engine: Engine) -> list[str]:
    """What the content policy of the page that is open refused until now."""
    found: list[str] = json.loads(engine.run(WATCH))
    return found


def saved_file(engine: Engine, folder: Path, *, but: frozenset[str] = frozenset()) -> Path:
    """The one file that a browser saved into the folder, when it is whole."""

    def look() -> Path | None:
        engine.run("return 1")  # Playwright saves while it is asked something
        there = [path for path in folder.iterdir() if path.name not in but and path.stat().st_size]
        partial = any(path.suffix in (".part", ".wkdownload", ".crdownload") for path in there)
        return None if partial or len(there) != 1 else there[0]

    found: Path = until(look, f"a saved file in {[path.name for path in folder.iterdir()]}")
    return found


class Chromium:
    def __init__(self, page: Any, folder: Path) -> None:
        self._page = page
        page.on("download", lambda download: download.save_as(folder / download.suggested_filename))
        page.add_init_script(f"(() => {{{WATCH}}})()")

    def open(self, url: str) -> None:
        self._page.goto(url)

    def _found(self, selector: str, words: str) -> Any:
        return self._page.evaluate_handle(f"(args) => (function() {{{FIND}}})(...args)", [selector, words]).as_element()

    def find(self, selector: str, words: str = "") -> bool:
        return self._found(selector, words) is not None

    def click(self, selector: str, words: str = "") -> None:
        until(lambda: self._found(selector, words), f"{selector} {words}").click()

    def fill(self, selector: str, text: str, *, enter: bool = False) -> None:
        self.click(selector)
        self._page.keyboard.type(text)
        if enter:
            self._page.keyboard.press("Enter")

    def run(self, script: str) -> Any:
        return self._page.evaluate(f"() => {{{script}}}")

    def windows(self) -> int:
        return len(self._page.context.pages)


class Firefox:
    """WebDriver BiDi, https://w3c.github.io/webdriver-bidi/: JSON commands over a WebSocket, answers by number."""

    def __init__(self, port: int) -> None:
        self._socket = connect(f"ws://127.0.0.1:{port}/session", max_size=None, proxy=None)
        self._number = 0
        self._ask("session.new", capabilities={})
        self._context = self._ask("browsingContext.getTree")["contexts"][0]["context"]
        self._ask("script.addPreloadScript", functionDeclaration=f"() => {{{WATCH}}}")

    def _ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(timeout=WAIT_S))
            if answer.get("id") == self._number:
                if answer["type"] != "success":
                    raise Refused(answer)
                return answer["result"]

    def open(self, url: str) -> None:
        self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def _call(self, body: str, *arguments: str) -> Any:
        found = self._ask(
            "script.callFunction", functionDeclaration=f"function() {{{body}}}", awaitPromise=True,
            arguments=[{"type": "string", "value": value} for value in arguments], target={"context": self._context},
        )  # fmt: skip
        if found["type"] != "success":
            raise Refused(found)
        return found["result"]

    def _found(self, selector: str, words: str) -> Any:
        node = self._call(FIND, selector, words)
        return node if node["type"] == "node" else None

    def find(self, selector: str, words: str = "") -> bool:
        return self._found(selector, words) is not None

    def click(self, selector: str, words: str = "") -> None:
        node = until(lambda: self._found(selector, words), f"{selector} {words}")
        shared = {"sharedId": node["sharedId"]}
        self._ask(
            "script.callFunction", functionDeclaration=LIE_STILL, awaitPromise=True, arguments=[shared],
            target={"context": self._context},
        )  # fmt: skip
        pointer = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": {"type": "element", "element": shared}},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._act("pointer", pointer)

    def _act(self, kind: str, actions: list[dict[str, Any]]) -> None:
        self._ask(
            "input.performActions", context=self._context, actions=[{"type": kind, "id": kind, "actions": actions}]
        )

    def fill(self, selector: str, text: str, *, enter: bool = False) -> None:
        self.click(selector)
        signs = text + ENTER * enter
        self._act("key", [{"type": way, "value": sign} for sign in signs for way in ("keyDown", "keyUp")])

    def run(self, script: str) -> Any:
        return self._call(script).get("value")

    def windows(self) -> int:
        return len(self._ask("browsingContext.getTree")["contexts"])

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._ask("browser.close")
        self._socket.close()


class WebKit:
    """W3C WebDriver, https://www.w3.org/TR/webdriver2/, as WebKitWebDriver speaks it."""

    def __init__(self, port: int, browser: str) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=WAIT_S, trust_env=False)
        until(self._listens, "WebKitWebDriver")
        options = {"webkitgtk:browserOptions": {"binary": browser, "args": ["--automation"]}}
        session = self._post("/session", {"capabilities": {"alwaysMatch": options}})
        self._client.base_url = httpx.URL(f"http://127.0.0.1:{port}/session/{session['sessionId']}")

    def _listens(self) -> bool:
        try:
            return self._client.get("/status").status_code == 200
        except httpx.TransportError:
            return False

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._client.post(path, json=body).json()["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise Refused(answer)
        return answer

    def open(self, url: str) -> None:
        self._post("/url", {"url": url})

    def _found(self, selector: str, words: str) -> Any:
        return self._post("/execute/sync", {"script": FIND, "args": [selector, words]})

    def find(self, selector: str, words: str = "") -> bool:
        return self._found(selector, words) is not None

    def _act(self, selector: str, words: str, act: str, body: dict[str, Any]) -> None:
        """Act on an element, again while the engine refuses before it did anything: a page that is still being
        drawn may replace the element, or disable it, between the finding and the act."""

        def acted() -> bool:
            if (found := self._found(selector, words)) is None:
                return False
            self._post(f"/element/{found[ELEMENT]}/{act}", body)
            return True

        until(acted, f"{selector} {words}")

    def click(self, selector: str, words: str = "") -> None:
        self._act(selector, words, "click", {})

    def fill(self, selector: str, text: str, *, enter: bool = False) -> None:
        self._act(selector, "", "value", {"text": text + ENTER * enter})

    def run(self, script: str) -> Any:
        return self._post("/execute/sync", {"script": script, "args": []})

    def windows(self) -> int:
        return len(self._client.get("/window/handles").json()["value"])

    def close(self) -> None:
        with contextlib.suppress(httpx.HTTPError):
            self._client.delete("")
        self._client.close()


@contextlib.contextmanager
def process(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program that is ended, at the latest by force, when it is no longer wanted."""
    running = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(timeout=15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait(timeout=10)


@contextlib.contextmanager
def chromium(program: str, folder: Path, launch: list[str]) -> Iterator[Engine]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=launch)
        yield Chromium(browser.new_context(accept_downloads=True).new_page(), folder)
        browser.close()


@contextlib.contextmanager
def firefox(program: str, folder: Path, profile: Path, port: int) -> Iterator[Engine]:
    preferences = {
        "browser.download.folderList": 2,
        "browser.download.dir": str(folder),
        "browser.download.always_ask_before_handling_new_types": False,
        "browser.download.open_pdf_attachments_inline": False,
        "browser.shell.checkDefaultBrowser": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "app.normandy.enabled": False,
        "browser.safebrowsing.downloads.remote.enabled": False,
        "services.settings.server": "data:,#remote-settings-dummy/v1",
    }
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
    (profile / "user.js").write_text("\n".join(lines))
    arguments = ["--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", str(port)]
    with process(program, *arguments, HOME=str(profile)):
        driver = until(lambda: _firefox_at(port), "Firefox")
        yield driver
        driver.close()


def _firefox_at(port: int) -> Firefox | None:
    try:
        return Firefox(port)
    except OSError:
        return None


@contextlib.contextmanager
def webkit(program: str, folder: Path, home: Path, port: int) -> Iterator[Engine]:
    """MiniBrowser saves into the person's folder for downloads, as the desktop's settings name it."""
    (home / ".config").mkdir()
    (home / ".config" / "user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{folder}"\n')
    reading, writing = os.pipe()
    xvfb = ("Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x1000x24", "-nolisten", "tcp")
    browser = next(Path("/usr").glob("lib*/**/webkit2gtk-4.*/MiniBrowser"))
    with contextlib.ExitStack() as stack:
        os.set_inheritable(writing, True)
        screen = subprocess.Popen(xvfb, pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(screen.wait, 15)
        stack.callback(screen.terminate)
        os.close(writing)
        with os.fdopen(reading) as display:
            number = display.readline().strip()
        environment = {
            "DISPLAY": f":{number}", "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home), "XDG_CACHE_HOME": str(home), "GDK_BACKEND": "x11",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1", "LIBGL_ALWAYS_SOFTWARE": "1", "NO_AT_BRIDGE": "1",
        }  # fmt: skip
        stack.enter_context(process(program, f"--port={port}", **environment))
        driver = WebKit(port, str(browser))
        stack.callback(driver.close)
        yield driver
