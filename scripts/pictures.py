"""Pictures of every screen and state worth seeing: desktop and phone, light and dark.

Starts the practice portal on free ports with a temporary folder, makes a believable set of exports and takes the
pictures: two for the README into `--out` (kept in git), all into `--all` (ignored by git).
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
LAUNCH = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split()
SIZES = {"wide": (1280, 800), "phone": (390, 844)}
SCHEMES = ("light", "dark")
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
SHOP = "brookandbean.example.com"
# Customer, format, reference: what the shop has been doing today.
EXPORTS = (
    ("many.cards", "JSON", "T-1041"),
    ("flat.csv", "CSV", "T-1043"),
    ("stacked", "CSV", ""),
    ("empty", "JSON", "T-1046"),
    ("refused", "JSON", "T-1047"),
    ("wrong.file", "JSON", ""),
    ("expired", "JSON", "T-1049"),
    ("bad.gateway", "JSON", "T-1050"),
    ("two.people", "JSON", "T-1052"),
    ("ada", "JSON", "T-1053"),
)


def find_chromium() -> str:
    spec = importlib.util.spec_from_file_location("find_browser", ROOT / "scripts" / "find_browser.py")
    if spec is None or spec.loader is None:
        raise SystemExit("scripts/find_browser.py is missing.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: str | None = module.find()
    if found is None:
        raise SystemExit("No Chromium here: run scripts/find_browser.py, or set PORTAL_CHROMIUM.")
    return found


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_pair() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 65_535 and is_free(port) and is_free(port + 1):
            return port


@contextmanager
def demo(password: str) -> Iterator[str]:
    """The practice portal as a process; gives its address."""
    port, practice_port = free_pair(), free_pair()
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "STREAMLIT_"))} | {
            "PORTAL_DATA_DIR": str(Path(folder) / "data"),
            "PORTAL_PORT": str(port),
            "PRACTICE_PORT": str(practice_port),
            "PORTAL_DEMO_PASSWORD": password,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "portal", "demo"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        try:
            wait_until_ready(process, f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=40)


def wait_until_ready(process: subprocess.Popen[bytes], origin: str) -> None:
    for _ in range(240):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{origin}/healthz", timeout=2).close()
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
    suffix: str

    def settle(self) -> None:
        self.page.wait_for_selector(SETTLED, timeout=20_000)
        self.page.wait_for_timeout(900)  # tables and charts draw after the script has run

    def open(self, path: str) -> None:
        self.page.goto(self.origin + path)
        self.settle()

    def shoot(self, name: str, *, whole: bool = True) -> Path:
        """`whole`: as tall as the page's contents, so that nothing hides below the fold."""
        target = self.folder / f"{name}-{self.suffix}.png"
        size = self.page.viewport_size
        if whole and size is not None:
            tall = self.page.get_by_test_id("stMain").evaluate("e => e.scrollHeight")
            self.page.set_viewport_size({"width": size["width"], "height": max(size["height"], min(tall, 3000))})
            self.page.wait_for_timeout(500)
        self.page.screenshot(path=target)
        if whole and size is not None:
            self.page.set_viewport_size(size)
        return target

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_timeout(150)
        self.settle()

    def choose(self, name: str) -> None:
        self.page.locator("label").filter(has=self.page.get_by_role("radio", name=name, exact=True)).click()
        self.settle()

    def sign_in(self, who: str, password: str) -> None:
        self.open("/")
        self.page.get_by_label("Email", exact=True).fill(f"{who}@{SHOP}")
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.get_by_role("heading", name="Today").wait_for(timeout=20_000)
        self.settle()

    def request(self, customer: str, form: str = "JSON", reference: str = "") -> str:
        """Ask for an export; gives the address of its preview."""
        self.open("/new_export")
        if form != "JSON":
            self.choose(form)
        self.page.get_by_label("Customer email").fill(f"{customer}@example.com")
        if reference:
            self.page.get_by_label("Reference", exact=True).fill(reference)
        self.page.get_by_role("button", name="Request export").click()
        self.page.wait_for_url("**/preview?export=*", timeout=20_000)
        return self.page.url.removeprefix(self.origin)


MakeCamera = Callable[[str, str], Camera]


def make_exports(camera: Camera) -> dict[str, str]:
    places = {}
    for customer, form, reference in EXPORTS:
        places[customer] = camera.request(customer, form, reference)
    camera.page.get_by_role("tab", name="Raw").wait_for(timeout=20_000)
    return places


def shoot_pages(camera: Camera, places: dict[str, str]) -> None:
    camera.open("/")
    camera.shoot("today")
    camera.open("/new_export")
    camera.shoot("new-export")
    camera.page.get_by_label("Customer email").fill("ada@gmial")
    camera.choose("One card")
    camera.page.get_by_label("Card ID", exact=True).fill("5EED")
    camera.press("Request export")
    camera.shoot("new-export-errors")
    for name in ("ada", "many.cards", "two.people", "empty", "refused", "wrong.file", "bad.gateway", "expired"):
        camera.open(places[name])
        if name == "ada":
            camera.page.get_by_role("tab", name="giftCards (").click()
            camera.settle()
        camera.shoot(f"preview-{name.replace('.', '-')}")
    for page in ("past_exports", "audit_trail", "accounts", "settings", "your_account", "help"):
        camera.open(f"/{page}")
        camera.shoot(page.replace("_", "-"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures", help="the few for the README")
    parser.add_argument("--all", type=Path, default=ROOT / ".data" / "pictures", help="every picture")
    parser.add_argument("--quick", action="store_true", help="desktop and light only")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    asked.all.mkdir(parents=True, exist_ok=True)
    password = secrets.token_urlsafe(12)
    with demo(password) as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=LAUNCH)
        take_all(browser, origin, password, asked.all, asked.out, quick=asked.quick)
        browser.close()
    print(f"Pictures: {asked.all} (all), {asked.out} (for the README)")


def take_all(browser: Browser, origin: str, password: str, folder: Path, out: Path, *, quick: bool) -> None:
    def camera(size: str, scheme: str, state: Any = None) -> Camera:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, storage_state=state,  # type: ignore[arg-type]
            timezone_id="Europe/London",
        )  # fmt: skip
        return Camera(context.new_page(), origin, folder, f"{size}-{scheme}")

    kinds = [(size, scheme) for size in SIZES for scheme in SCHEMES if not quick or (size, scheme) == ("wide", "light")]
    for kind in kinds:
        nobody = camera(*kind)
        nobody.open("/")
        nobody.shoot("sign-in")
    first = camera("wide", "light")
    first.sign_in("maya", password)
    first.shoot("today-empty")
    first.open("/past_exports")
    first.shoot("past-exports-empty")
    places = make_exports(first)
    state = first.page.context.storage_state()
    first.request("busy")
    first.page.get_by_text("asking again in").wait_for(timeout=10_000)
    first.shoot("progress-rate-limited", whole=False)
    for kind in kinds:
        shoot_pages(camera(*kind, state), places)
    for_the_readme(camera("wide", "light", state), places, out)


def scroll_to_marks(camera: Camera) -> None:
    """Other people's cells are to the right of the first columns."""
    camera.page.locator("[data-testid=stDataFrame]:visible .dvn-scroller").first.evaluate("e => e.scrollLeft = 2600")
    camera.page.wait_for_timeout(500)


def for_the_readme(camera: Camera, places: dict[str, str], out: Path) -> None:
    camera.folder, camera.suffix = out, "wide-light"
    camera.page.set_viewport_size({"width": 1280, "height": 1150})
    camera.open(places["ada"])
    camera.page.get_by_role("tab", name="giftCards (").click()
    camera.settle()
    scroll_to_marks(camera)
    camera.shoot("preview", whole=False).replace(out / "preview.png")
    camera.page.set_viewport_size({"width": 1280, "height": 800})
    camera.open("/past_exports")
    camera.shoot("past-exports", whole=False).replace(out / "past-exports.png")


if __name__ == "__main__":
    main()
