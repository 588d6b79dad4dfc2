"""A real portal and practice merchant as processes, a real Chromium in front of them, and a hand at its keyboard.

One demo serves the whole session. `desk("maya")` gives a fresh browser context with a signed-in page; a sign-in
is done once a person and its cookie is carried over, so that most tests start where the work starts. Every page fails
its test on a console error, a page error or a request that leaves loopback.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from portal.practice.invented.builder import build_world
from portal.practice.invented.world import Customer, World

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "violet-tractor-pond-91"
SHOPS = {"one": "brookandbean.example.com", "two": "northwindbooks.example.com"}
LAUNCH = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
# A page's timer fires while the page is being left. A press that is lost so fails its test by what it did not do.
LEFT = r"console: Cannot send rerun backMessage when disconnected from server"
OURS = frozenset({"http", "https", "ws", "wss"})
# Streamlit calls itself done before its first part arrives; our page shell shows the page when its parts are there.
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning] > [data-testid=stAppViewContainer]"
LIES_STILL = "part => part.getAnimations({subtree: true}).length === 0"
WAIT_MS = 20_000
LOOK = """() => {
  const fields = [...document.querySelectorAll('input, textarea')].map(f => f.type + f.value + f.checked);
  const states = [...document.querySelectorAll('[aria-expanded], [aria-selected], [aria-pressed], details')]
    .map(e => [e.ariaExpanded, e.ariaSelected, e.ariaPressed, e.open].join());
  const shut = [...document.querySelectorAll('button')].map(b => b.disabled);
  const text = document.body.innerText.replace(/[0-9]+/g, '#');
  return [location.href, text, fields.join('|'), states.join('|'), shut.join()].join('\\n');
}"""
LOOK_EVERY_MS = 100
ALIKE = 3  # looks in a row; tables and charts come in pieces that are loaded late
LOOKS_AT_MOST = 200
# Idle for 15 minutes ends a sign-in (SEC-35), 15 after a proof customers' data is shut (SEC-39); all tests take longer.
SIGN_IN_KEPT_S = 6 * 60


def load_script(name: str) -> ModuleType:
    """A module of `scripts/`, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_port(beside: int = 0) -> int:
    """A free port whose `beside` followers are free too. Below 16000: those above may be given to outgoing calls (Linux
    from 32768, gVisor from 16000), also between this look and the start of the server."""
    while True:
        port = random.SystemRandom().randrange(10_000, 16_000)
        if all(can_bind(port + n) for n in range(beside + 1)):
            return port


def can_bind(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass
class Demo:
    """`python -m portal demo` under way. `counts()` is what reached the practice merchant."""

    process: subprocess.Popen[bytes]
    port: int
    practice_port: int
    folder: Path

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def practice(self) -> str:
        return f"http://127.0.0.1:{self.practice_port}"

    @property
    def mailbox(self) -> str:
        return f"{self.practice}/_practice/mails"

    def counts(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask("/_practice/counts")
        return answer

    def ask(self, path: str) -> Any:
        """JSON of the practice merchant, as merchant one."""
        request = urllib.request.Request(
            self.practice + path, headers={"authorization": "Bearer practice-token-merchant-one"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def forget(self) -> None:
        """Let the practice merchant start over."""
        request = urllib.request.Request(self.practice + "/_practice/reset", method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def children(self) -> list[int]:
        """Ids of the processes it started."""
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False)
        return [int(line) for line in found.stdout.split()]

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=40)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def start_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Demo]]:
    """Start a demo on free ports with a folder of its own; ended at the latest with the session.

    Given back when it answers at `path`: by default when all of it is loaded.
    """
    started: list[Demo] = []

    def start(path: str = "/readyz", **settings: str) -> Demo:
        folder = tmp_path_factory.mktemp("demo")
        port, practice_port = free_port(), free_port(beside=2)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_", "PRACTICE_"))}
        environment |= {
            "PORTAL_DATA_DIR": str(folder / "data"),
            "PORTAL_PORT": str(port),
            "PRACTICE_PORT": str(practice_port),
            "PORTAL_DEMO_PASSWORD": PASSWORD,
            **settings,
        }
        log = folder / "demo.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "portal", "demo"], cwd=ROOT, env=environment, stdout=out, stderr=out
            )
        demo = Demo(process, port, practice_port, folder)
        started.append(demo)
        for _ in range(1_200):
            if process.poll() is not None or answers(demo.origin + path):
                break
            time.sleep(0.05)
        if process.poll() is not None or not answers(demo.origin + path):
            pytest.fail("The demo did not become ready:\n" + log.read_text()[-3000:])
        return demo

    yield start
    for demo in started:
        if demo.process.poll() is None:
            demo.process.kill()
            demo.process.wait(timeout=10)


@pytest.fixture(scope="session")
def demo(start_demo: Callable[[], Demo]) -> Iterator[Demo]:
    """The demo all tests share. Its end is checked: status 0, and the practice merchant goes with it."""
    running = start_demo()
    yield running
    assert running.stop() == 0, (running.folder / "demo.log").read_text()[-3000:]
    assert is_free(running.practice_port), "the practice merchant outlived the demo"
    assert is_free(running.practice_port + 1)
    assert is_free(running.practice_port + 2)


@pytest.fixture(scope="session")
def world() -> World:
    """The invented customers and cards, as the practice merchant builds them."""
    return build_world()


@pytest.fixture(scope="session")
def somebody(world: World) -> Callable[[], Customer]:
    """Another ordinary customer of merchant one each time, with two cards and a nested JSON file."""
    one = world.merchant("one").id
    waiting = iter(
        [
            customer
            for customer in world.customers.values()
            if customer.merchant_id == one
            and customer.situation is None
            and customer.number % 3 != 2
            and len(world.cards_of_customer[customer.id]) == 2
        ]
    )
    return lambda: next(waiting)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = load_script("find_browser").find()
    if path is None:
        pytest.fail("No Chromium here: run scripts/find_programs.py, or set PORTAL_CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=LAUNCH)
        yield browser
        browser.close()


@dataclass
class Trouble:
    """What went wrong in a context, watched from its first page on."""

    seen: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=lambda: [LEFT])

    def begin(self) -> None:
        """Another test starts: what happened between two does not count against it."""
        self.seen, self.expected = [], [LEFT]

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._hear)
        context.on("weberror", lambda e: self.seen.append(f"page error: {e.error}"))
        context.on("request", lambda r: self._check(r.url))
        context.on("page", self._watch_page)

    def _hear(self, message: Any) -> None:
        if message.type == "error":
            self.seen.append(f"console: {message.text} {message.location.get('url', '')}")

    def _watch_page(self, page: Page) -> None:
        page.on("websocket", lambda s: self._check(s.url))
        page.on("dialog", self._dialog)

    def _dialog(self, dialog: Any) -> None:
        self.seen.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in OURS and parts.hostname not in LOOPBACK:
            self.seen.append(f"left loopback: {url}")

    def unexpected(self) -> list[str]:
        return [line for line in self.seen if not any(re.search(known, line) for known in self.expected)]


OTHER_COPIES = frozenset({"Download original", "Download spreadsheet", "Download workbook", "List for programs"})


class Desk:
    """A person at a browser. `inputs` counts what they did: each fill and each click is one."""

    def __init__(self, demo: Demo, page: Page, trouble: Trouble) -> None:
        self.demo, self.page, self.trouble = demo, page, trouble
        self.inputs = 0
        self.password = PASSWORD

    # Moving ------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Wait until Streamlit has nothing more to run."""
        self.page.wait_for_selector(SETTLED, timeout=WAIT_MS)
        self.page.wait_for_timeout(40)
        self.page.wait_for_selector(SETTLED, timeout=WAIT_MS)

    def whole(self) -> str:
        """Wait until the page looks the same several times in a row; how it looks then."""
        before, alike = "", 0
        for _ in range(LOOKS_AT_MOST):
            self.settle()
            now = str(self.page.evaluate(LOOK))
            alike = alike + 1 if now == before else 1
            if alike == ALIKE:
                break
            before = now
            self.page.wait_for_timeout(LOOK_EVERY_MS)
        return before

    def open(self, path: str = "/") -> None:
        self.page.goto(self.demo.origin + path)
        self.settle()

    def heading(self, name: str) -> Locator:
        return self.page.get_by_role("heading", name=name, exact=True)

    def go(self, name: str) -> None:
        """By the sidebar to a page, there when its heading is."""
        link = re.compile(rf"^{re.escape(name)}( · \S+)?$")  # some say how much waits there
        self.click(self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=link))
        self.heading(name).wait_for(timeout=WAIT_MS)
        self.settle()

    def reload(self) -> None:
        self.page.reload()
        self.settle()

    # Acting ------------------------------------------------------------------------------------

    def click(self, what: Locator) -> None:
        self.inputs += 1
        what.click(timeout=WAIT_MS)

    def press(self, name: str) -> None:
        """A button by its label, then wait for the page."""
        self.click(self.button(name))
        self.page.wait_for_timeout(80)
        self.settle()

    def unfold(self, words: str) -> None:
        """Open a folded part and wait until it lies still: as long as it scrolls, lists opened in it close."""
        self.click(self.page.get_by_text(words, exact=True))
        folded = self.page.locator("details[open]").filter(has_text=words).first
        folded.wait_for(timeout=WAIT_MS)
        self.settle()
        folded.evaluate("part => part.scrollIntoView({block: 'start', behavior: 'instant'})")
        self.page.wait_for_function(LIES_STILL, arg=folded.element_handle(), timeout=WAIT_MS)

    def choose(self, name: str) -> None:
        """One of a row of choices."""
        self.click(self.page.locator("label").filter(has=self.page.get_by_role("radio", name=name, exact=True)))
        self.page.wait_for_timeout(80)
        self.settle()

    def fill(self, label: str, text: str) -> None:
        self.inputs += 1
        self.field(label).fill(text)

    def field(self, label: str) -> Locator:
        """What one types into; a choice may bear the same label."""
        return self.page.get_by_label(label, exact=True).and_(self.page.locator("input:not([type=radio])"))

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def text(self) -> str:
        """All that stands on the page, sidebar left out."""
        return self.page.get_by_test_id("stMain").inner_text()

    def sees(self, words: str) -> None:
        """Wait until the words stand on the page."""
        try:
            self.page.get_by_test_id("stMain").get_by_text(words).first.wait_for(timeout=WAIT_MS)
        except PlaywrightTimeout:
            pytest.fail(f"{words!r} did not come: " + self.text()[:1500])

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds: what is drawn follows the end of a run by a moment, a longer one on a busy machine."""
        for _ in range(WAIT_MS // 100):
            if holds():
                return
            self.page.wait_for_timeout(100)
        pytest.fail("This did not come to hold: " + self.text()[:1500])

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.open()
        self.fill("Email", email)
        self.fill("Password", password)
        self.click(self.button("Sign in"))
        self.heading("Today").wait_for(timeout=WAIT_MS)

    # An export ---------------------------------------------------------------------------------

    def request(self, email: str, form: str = "JSON") -> None:
        """Ask for an export by email and wait for its preview page."""
        self.go("New export")
        if form != "JSON":
            self.choose(form)
        self.fill("Customer email", email)
        self.send()

    def send(self) -> None:
        """Ask; and once more where another test has asked for the same within the minute, for they share a portal."""
        self.click(self.button("Request export"))
        again = self.button("Ask again anyway")
        self.heading("Preview").or_(again).first.wait_for(timeout=WAIT_MS)
        if again.count():
            self.click(again)
            self.heading("Preview").wait_for(timeout=WAIT_MS)

    def ended(self, words: str) -> None:
        """Wait until the running export has come to an end that shows the words."""
        self.page.get_by_test_id("stMain").get_by_text(words).first.wait_for(timeout=40_000)
        self.settle()

    def export_id(self) -> str:
        found = re.search(r"export=([0-9a-f]{32})", self.page.url)
        assert found, f"no export in the address {self.page.url}"
        return found[1]

    def tabs(self) -> list[str]:
        """The file's tabs, once they are there."""
        raw = self.page.get_by_role("tab", name="Raw")
        raw.first.wait_for(timeout=WAIT_MS)
        self.until(lambda: raw.count() == 1)  # a large file's are drawn anew when it is read
        return [re.sub(r"\s+", " ", t.inner_text()).strip() for t in self.page.get_by_role("tab").all()]

    def sha256(self) -> str:
        """The checksum the page shows, under Details."""
        if not self.page.locator("details[open]").filter(has_text="SHA-256 of the original").count():
            self.unfold("Details")
        shown = self.page.get_by_test_id("stCode").filter(has_text=re.compile(r"^\s*[0-9a-f]{64}\s*$"))
        shown.first.wait_for(timeout=WAIT_MS)
        return shown.first.inner_text().strip()

    def download(self, name: str) -> bytes:
        """The bytes behind a download link, which may stand among the other copies."""
        if name in OTHER_COPIES and not self.page.get_by_test_id("stPopoverBody").count():
            self.make_copy()
            self.press("Other copies")
        self.inputs += 1
        with self.page.expect_download(timeout=WAIT_MS) as download:
            self.page.get_by_role("link", name=name, exact=True).click()
        if name in OTHER_COPIES:
            self.press("Other copies")  # which closes it
        return Path(download.value.path()).read_bytes()

    def make_copy(self) -> None:
        """Decide about everybody in the file as proposed, unless it is decided."""
        if self.button("Make the copy to send").count():
            self.press("Make the copy to send")
            self.page.get_by_role("link", name="Download to send", exact=True).wait_for(timeout=WAIT_MS)

    def more(self, act: str) -> None:
        """An act of Preview that stands under More."""
        self.press("More")
        role = self.page.get_by_role
        self.click(role("menuitem", name=act, exact=True).or_(role("option", name=act, exact=True)).first)
        self.settle()

    def see_cards(self) -> None:
        """Say why the card numbers of the file are needed: with them its original may leave."""
        self.press("Show card numbers")
        self.press("Show the numbers")
        self.sees("Card numbers are shown until")

    def file_status(self, export_id: str) -> int:
        """What this browser gets when it asks for a copy of the file by address."""
        return self.page.context.request.get(f"{self.demo.origin}/exports/{export_id}/file?kind=csv").status

    def table(self, folded: str = "") -> list[list[str]]:
        """Cells of the first table on the screen, or in an open folded part, its heading first; only columns within the
        window are drawn."""
        place = self.page.locator("details[open]").filter(has_text=folded) if folded else self.page
        grid = place.locator("[data-testid=stDataFrame]:visible table").first
        grid.wait_for(state="attached", timeout=WAIT_MS)
        rows: list[list[str]] = grid.evaluate("t => [...t.rows].map(r => [...r.cells].map(c => c.textContent))")
        return rows

    def tick_row(self, number: int) -> None:
        """Tick the box of a row (counted from 1 below the heading) of the first table."""
        self._click_row(number, 15)

    def _click_row(self, number: int, across: int) -> None:
        grid = self.page.locator("[data-testid=stDataFrame] canvas:visible").first
        grid.wait_for(timeout=WAIT_MS)
        box = grid.bounding_box()
        assert box is not None
        self.inputs += 1
        self.page.mouse.click(box["x"] + across, box["y"] + 36 + 36 * (number - 0.5))
        self.page.wait_for_timeout(80)
        self.settle()

    def open_row(self, number: int) -> None:
        """Click into a row of a list of exports, which opens its preview."""
        self._click_row(number, 80)
        self.heading("Preview").wait_for(timeout=WAIT_MS)
        self.settle()

    def tab(self, name: str) -> list[list[str]]:
        """Open a tab of the file and give its table."""
        self.click(self.page.get_by_role("tab", name=re.compile(rf"^{re.escape(name)} \(")))
        self.page.wait_for_timeout(150)
        self.settle()
        return self.table()


FAILED: pytest.StashKey[bool] = pytest.StashKey()
PICTURES = ROOT / ".data" / "browser-failures"


def tell_what_was_seen(opened: list[tuple[BrowserContext, Trouble]], name: str) -> None:
    """After a failure: the words on each page, and its picture in a folder that git ignores."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for number, (context, trouble) in enumerate(opened):
        for page in context.pages:
            picture = PICTURES / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}-{number}.png"
            page.screenshot(path=picture)
            print(f"--- {page.url}, {picture.relative_to(ROOT)}\n{page.locator('body').inner_text()[:1500]}")
        print(trouble.seen)


MakeDesk = Callable[..., Desk]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def browsers(demo: Demo, chromium: Browser) -> Iterator[Callable[..., tuple[BrowserContext, Trouble]]]:
    """A browser profile a person, kept, so that later tests find scripts in its cache; signed in anew in time."""
    kept: dict[str, tuple[BrowserContext, Trouble]] = {}
    signed_in: dict[str, float] = {}

    def of(email: str) -> tuple[BrowserContext, Trouble]:
        if email not in kept:
            kept[email] = new_context(chromium)
        context, trouble = kept[email]
        if time.monotonic() - signed_in.get(email, -SIGN_IN_KEPT_S) >= SIGN_IN_KEPT_S:
            context.clear_cookies()
            page = context.new_page()
            Desk(demo, page, trouble).sign_in(email)
            page.close()
            signed_in[email] = time.monotonic()
        return kept[email]

    yield of
    for context, _trouble in kept.values():
        context.close()


def new_context(chromium: Browser, **options: Any) -> tuple[BrowserContext, Trouble]:
    context = chromium.new_context(**({"viewport": {"width": 1280, "height": 1000}} | options))
    trouble = Trouble()
    trouble.watch(context)
    return context, trouble


@pytest.fixture(scope="session")
def at(demo: Demo) -> Callable[[Page, Trouble], Desk]:
    """A desk at a page that is there already."""
    return lambda page, trouble: Desk(demo, page, trouble)


@pytest.fixture
def desk(
    demo: Demo,
    chromium: Browser,
    browsers: Callable[[str], tuple[BrowserContext, Trouble]],
    request: pytest.FixtureRequest,
) -> Iterator[MakeDesk]:
    """Open desks: `desk()` is nobody's, `desk("sam")` is Sam's of merchant one, `desk("sam", "two")` of the other.

    With options (of a Playwright context) the desk gets a browser of its own, signed in by the same cookie.
    """
    opened: list[tuple[BrowserContext, Trouble]] = []
    own: list[BrowserContext] = []
    pages: list[Page] = []

    def make(who: str = "", shop: str = "one", **options: Any) -> Desk:
        email = f"{who}@{SHOPS[shop]}"
        if who and not options:
            context, trouble = browsers(email)
            trouble.begin()
        else:
            context, trouble = new_context(
                chromium, **({"storage_state": browsers(email)[0].storage_state()} if who else {}), **options
            )
            own.append(context)
        opened.append((context, trouble))
        pages.append(context.new_page())
        made = Desk(demo, pages[-1], trouble)
        if who:
            made.open()
        return made

    yield make
    if request.node.stash.get(FAILED, False):
        tell_what_was_seen(opened, request.node.name)
    found = [line for _context, trouble in opened for line in trouble.unexpected()]
    for page in pages:
        page.close()
    for context in own:
        context.close()
    assert not found, found
