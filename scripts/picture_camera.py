"""A browser's page at the practice portal, the processes behind it, and pictures in every size and scheme."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parent.parent
LAUNCH = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split()
SIZES = {"wide": (1280, 800), "phone": (390, 844)}
SCHEMES = ("light", "dark")
KINDS = tuple((size, scheme) for size in SIZES for scheme in SCHEMES)
TALLEST = 3200  # pixels; a longer page goes on as it began
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning] > [data-testid=stAppViewContainer]"
ROW_PIXELS = 36


def find_chromium() -> str:
    spec = importlib.util.spec_from_file_location("find_browser", ROOT / "scripts" / "find_browser.py")
    if spec is None or spec.loader is None:
        raise SystemExit("scripts/find_browser.py is missing.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: str | None = module.find()
    if found is None:
        raise SystemExit("No Chromium here: run scripts/find_programs.py, or set PORTAL_CHROMIUM.")
    return found


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_ports() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 65_534 and all(is_free(port + n) for n in range(3)):
            return port


@dataclass(frozen=True)
class House:
    """A practice portal under way: its address and its data folder."""

    origin: str
    folder: Path


@contextmanager
def demo(password: str, **settings: str) -> Iterator[House]:
    """The practice portal as a process, ended in order. `settings` are further PORTAL_ variables."""
    port, practice_port = free_ports(), free_ports()
    with tempfile.TemporaryDirectory() as folder:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_", "PRACTICE_"))}
        environment = {
            **kept,
            "PORTAL_DATA_DIR": str(Path(folder) / "data"),
            "PORTAL_PORT": str(port),
            "PRACTICE_PORT": str(practice_port),
            "PORTAL_DEMO_PASSWORD": password,
            **settings,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "portal", "demo"],
            cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_until_ready(process, f"http://127.0.0.1:{port}")
            yield House(f"http://127.0.0.1:{port}", Path(folder) / "data")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=40)


def wait_until_ready(process: subprocess.Popen[bytes], origin: str) -> None:
    for _ in range(240):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{origin}/readyz", timeout=20).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise SystemExit("The practice portal did not start; try `python -m portal demo`.")


@dataclass
class Camera:
    """A page and the folder its pictures go to."""

    page: Page
    origin: str
    folder: Path

    # Moving ----------------------------------------------------------------------------------------

    def settle(self, *, moving: bool = False) -> None:
        """Wait until the script has run; `moving`: it is not going to, as long as something is waited for."""
        if not moving:
            self.page.wait_for_selector(SETTLED, timeout=20_000)
        self.page.wait_for_timeout(450)  # tables and charts draw after the script has run

    def open(self, path: str, *, moving: bool = False) -> None:
        self.page.goto(self.origin + path)
        self.page.get_by_test_id("stMain").wait_for(timeout=20_000)
        self.settle(moving=moving)

    # Acting ----------------------------------------------------------------------------------------

    def fill(self, label: str, text: str) -> None:
        self.field(label).fill(text)

    def field(self, label: str) -> Locator:
        wanted = self.page.get_by_label(label, exact=True).and_(self.page.locator("input:not([type=radio]), textarea"))
        return wanted.locator("visible=true").first

    def press(self, name: str, *, moving: bool = False) -> None:
        self.page.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()
        self.page.wait_for_timeout(150)
        self.settle(moving=moving)

    def choose(self, name: str, *, moving: bool = False) -> None:
        """One of a row of choices."""
        self.page.locator("label").filter(has=self.page.get_by_role("radio", name=name, exact=True)).click()
        self.page.wait_for_timeout(150)
        self.settle(moving=moving)

    def switch(self, name: str) -> None:
        self.page.locator("label").filter(has_text=name).first.click()
        self.settle()

    def unfold(self, name: str) -> None:
        self.page.locator("summary").filter(has_text=name).locator("visible=true").first.click()
        self.page.wait_for_timeout(150)
        self.settle()

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).first.click()
        self.settle()

    def tick(self, *rows: int) -> None:
        """The boxes of a table's rows, counted from 1 below the heading."""
        canvas = self.page.locator("[data-testid=stDataFrame] canvas").first
        for row in rows:
            box = canvas.bounding_box()
            if box is None:
                raise LookupError("no table on the page")
            self.page.mouse.click(box["x"] + 15, box["y"] + ROW_PIXELS * (row + 0.5))
            self.page.wait_for_timeout(150)
            self.settle()

    def sees(self, words: str, *, seconds: float = 20) -> None:
        self.page.get_by_text(words).locator("visible=true").first.wait_for(timeout=seconds * 1000)

    def sign_in(self, email: str, password: str) -> None:
        self.open("/")
        self.start_signing_in(email, password)
        self.page.get_by_role("heading", name="Today", exact=True).wait_for(timeout=20_000)
        self.settle()

    def start_signing_in(self, email: str, password: str) -> None:
        self.fill("Email", email)
        self.fill("Password", password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def request(self, customer: str, form: str = "JSON", reference: str = "") -> str:
        """Ask for an export; gives the address of its preview."""
        self.open("/new_export")
        if form != "JSON":
            self.choose(form)
        self.fill("Customer email", f"{customer}@example.com")
        if reference:
            self.fill("Reference", reference)
        self.page.get_by_role("button", name="Request export").click()
        self.page.wait_for_url("**/preview?export=*", timeout=20_000)
        return self.page.url.removeprefix(self.origin)

    # Pictures --------------------------------------------------------------------------------------

    def shoot(self, name: str, kinds: Sequence[tuple[str, str]] = KINDS, *, whole: bool = True) -> list[Path]:
        """A picture in each of `kinds`. `whole`: as tall as the page's contents, so that nothing hides below the
        fold."""
        made = []
        for size, scheme in kinds:
            width, height = SIZES[size]
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.wait_for_timeout(350)
            if whole:
                main = self.page.locator("[data-testid=stMain], body").last
                tall = int(main.evaluate("e => e.scrollHeight"))
                self.page.set_viewport_size({"width": width, "height": max(height, min(tall, TALLEST))})
                self.page.wait_for_timeout(300)
            made.append(self.folder / f"{name}-{size}-{scheme}.png")
            self.page.screenshot(path=made[-1])
        self.page.emulate_media(color_scheme="light")
        width, height = SIZES["wide"]
        self.page.set_viewport_size({"width": width, "height": height})
        return made
