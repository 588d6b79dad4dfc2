"""The browser's side, in Chromium: the sign-in page, from click to drawn rows, bytes on the wire, layout jumps.

    python bench/browser.py [--rounds 5]

Reference in the same run: the same widgets under `streamlit run` with stock settings (`bench/plain/same_widgets.py`).
Wanted: layout shift under 0.05 on every page, no page emptied by a rerun, timed refreshes smaller than a page.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from bench.load import say  # noqa: E402
from bench.seeding import PASSWORD  # noqa: E402
from bench.servers import Server, plain, portal, wait_until_warm  # noqa: E402
from bench.signing_in import PEOPLE, SHOP  # noqa: E402

LAUNCH = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split()
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning] > [data-testid=stAppViewContainer]"
ROWS = "[data-testid=stDataFrame] canvas"
REFRESH_SECONDS = 7.0
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
WATCH_TITLE = """
() => {
  const title = document.querySelector("h1");
  title.setAttribute("data-bench", "here");
  window.gone = 0;
  new MutationObserver(() => { if (!document.querySelector("[data-bench]")) window.gone += 1; })
    .observe(document.body, {childList: true, subtree: true});
}
"""


@dataclass
class Wire:
    """What came over the network since `begin`."""

    http: int = 0
    frames: list[int] = field(default_factory=list)
    uncompressed: list[str] = field(default_factory=list)
    not_cached: list[str] = field(default_factory=list)

    def begin(self) -> None:
        self.http, self.frames = 0, []

    def watch(self, page: Page) -> None:
        cdp = page.context.new_cdp_session(page)
        cdp.send("Network.enable")
        cdp.on("Network.loadingFinished", self._loaded)
        cdp.on("Network.responseReceived", self._answered)
        page.on("websocket", self._socket)

    def _socket(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: self.frames.append(len(payload)))

    def _loaded(self, event: dict[str, Any]) -> None:
        self.http += int(event["encodedDataLength"])

    def _answered(self, event: dict[str, Any]) -> None:
        answer = event["response"]
        path = answer["url"].split("?")[0]
        if "/static/" not in path or not path.endswith((".js", ".css")):
            return
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        if "content-encoding" not in headers and int(headers.get("content-length", 0)) > 2_000:
            self.uncompressed.append(path)
        if "immutable" not in headers.get("cache-control", ""):
            self.not_cached.append(path)


def chromium() -> str:
    spec = importlib.util.spec_from_file_location("find_browser", ROOT / "scripts" / "find_browser.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: str | None = module.find()
    if found is None:
        raise SystemExit("No Chromium here: run scripts/find_programs.py, or set PORTAL_CHROMIUM.")
    return found


def new_page(browser: Browser, wire: Wire | None = None) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(30_000)
    page.add_init_script(SHIFTS)
    if wire is not None:
        wire.watch(page)
    return page


def settle(page: Page) -> None:
    page.wait_for_selector(SETTLED)


def timed(page: Page, link: str) -> float:
    """Seconds from the click in the navigation to the drawn table."""
    link_there = page.get_by_test_id("stSidebarNavLink").filter(has_text=link)
    started = time.perf_counter()
    link_there.click()
    page.get_by_role("heading", name=link, level=1).wait_for()
    page.wait_for_selector(ROWS)
    return time.perf_counter() - started


def opened(page: Page) -> float:
    """Seconds from the click on the first row of Past exports to the table in its preview."""
    canvas = page.locator(ROWS).first.bounding_box()
    assert canvas is not None
    started = time.perf_counter()
    page.mouse.click(canvas["x"] + 18, canvas["y"] + 52)  # the row's box
    page.get_by_role("heading", name="Preview", level=1).wait_for()
    page.wait_for_selector(ROWS)
    return time.perf_counter() - started


def sign_in(page: Page, server: Server) -> float:
    """Seconds until the sign-in form can be typed into; then signs in."""
    started = time.perf_counter()
    page.goto(server.origin)
    email = page.get_by_label("Email", exact=True)
    email.wait_for()
    email.click()
    taken = time.perf_counter() - started
    settle(page)
    email.fill(f"{PEOPLE[0]}@{SHOP}")
    page.get_by_label("Password", exact=True).first.fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Today", level=1).wait_for()
    settle(page)
    return taken


def shifts(page: Page, server: Server) -> dict[str, float]:
    """Layout shift of every page, opened by its address and left alone for a moment."""
    found = {}
    for name in ("", "new_export", "past_exports", f"preview?export={server.export}", "audit_trail", "accounts",
                 "settings"):  # fmt: skip
        page.goto(f"{server.origin}/{name}")
        page.wait_for_selector("h1")
        settle(page)
        page.wait_for_timeout(1_500)
        found[name.split("?")[0] or "today"] = float(page.evaluate("window.shifted"))
    return found


def shifts_inside(page: Page, server: Server) -> dict[str, float]:
    """Layout shift of every page, reached by the navigation from another."""
    page.goto(server.origin)
    page.wait_for_selector("h1")
    settle(page)
    found = {}
    for place in range(page.get_by_test_id("stSidebarNavLink").count() - 1, -1, -1):
        link = page.get_by_test_id("stSidebarNavLink").nth(place)
        name = link.inner_text().strip().split("\n")[-1]
        before = float(page.evaluate("window.shifted"))
        link.click()
        page.wait_for_timeout(1_500)
        settle(page)
        found[name] = float(page.evaluate("window.shifted")) - before
    return found


def flashes(page: Page) -> int:
    """How often the title was missing while Past exports ran again."""
    timed(page, "Past exports")
    settle(page)
    page.evaluate(WATCH_TITLE)
    for text in ("T-0001", ""):
        page.get_by_label("Search", exact=True).fill(text)
        page.keyboard.press("Enter")
        page.wait_for_timeout(1_000)
        settle(page)
    return int(page.evaluate("window.gone"))


def ours(browser: Browser, server: Server, rounds: int) -> dict[str, Any]:
    wire = Wire()
    page = new_page(browser, wire)
    first = sign_in(page, server)
    first_http = wire.http
    again = []
    for _ in range(rounds):
        fresh = new_page(browser)
        again.append(sign_in(fresh, server))
        fresh.context.close()
    past, look = [], []
    for _ in range(rounds):
        past.append(timed(page, "Past exports"))
        settle(page)
        look.append(opened(page))
        settle(page)
    wire.begin()
    timed(page, "Past exports")
    settle(page)
    page_bytes = sum(wire.frames)
    wire.begin()
    page.wait_for_timeout(REFRESH_SECONDS * 1_000)
    refresh_bytes = sum(wire.frames) / (REFRESH_SECONDS / 3)
    gone = flashes(page)
    jumps, inside = shifts(page, server), shifts_inside(page, server)
    return {
        "sign_in_first_ms": first * 1000, "sign_in_ms": statistics.median(again) * 1000,
        "past_exports_ms": statistics.median(past) * 1000, "preview_ms": statistics.median(look) * 1000,
        "first_load_kib": first_http / 1024, "page_kib": page_bytes / 1024, "refresh_kib": refresh_bytes / 1024,
        "flashes": gone, "worst_shift": max(jumps.values()), "worst_shift_inside": max(inside.values()),
        "shifts_inside": inside, "shifts": jumps,
        "uncompressed": len(set(wire.uncompressed)), "not_cached": len(set(wire.not_cached)),
    }  # fmt: skip


def theirs(browser: Browser, server: Server, rounds: int) -> dict[str, float]:
    wire = Wire()
    page = new_page(browser, wire)
    started = time.perf_counter()
    page.goto(server.origin)
    page.wait_for_selector("h1")
    first = time.perf_counter() - started
    settle(page)
    first_http = wire.http
    page.wait_for_timeout(1_500)
    shift = float(page.evaluate("window.shifted"))
    past, look = [], []
    timed(page, "Preview")
    for _ in range(rounds):
        past.append(timed(page, "Past exports"))
        settle(page)
        look.append(opened(page))
        settle(page)
    return {
        "first_ms": first * 1000, "past_exports_ms": statistics.median(past) * 1000,
        "preview_ms": statistics.median(look) * 1000, "first_load_kib": first_http / 1024, "shift": shift,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=LAUNCH)
        with plain("same_widgets") as server:
            reference = theirs(browser, server, given.rounds)
        with portal() as server:
            wait_until_warm(server)
            found = ours(browser, server, given.rounds)
        browser.close()
    print(f"sign-in page can be typed into: {found['sign_in_first_ms']:.0f} ms at first, {found['sign_in_ms']:.0f} "
          f"after (stock page drawn at first: {reference['first_ms']:.0f})")  # fmt: skip
    for name in ("past_exports", "preview"):
        left, right = found[f"{name}_ms"], reference[f"{name}_ms"]
        print(f"click to drawn rows, {name}: {left:.0f} ms, same widgets {right:.0f} ({left / right:.2f})")
    print(f"first load {found['first_load_kib']:.0f} KiB (stock {reference['first_load_kib']:.0f}); Past exports "
          f"{found['page_kib']:.0f} KiB, each timed refresh {found['refresh_kib']:.1f} KiB")  # fmt: skip
    print(f"static files sent uncompressed: {found['uncompressed']}, not cached for good: {found['not_cached']}; "
          f"titles lost in reruns: {found['flashes']}")  # fmt: skip
    for words, key in (("by address", "shifts"), ("by the navigation", "shifts_inside")):
        shown = ", ".join(f"{name} {value:.3f}" for name, value in found[key].items())
        print(f"layout shift, page opened {words} (under 0.05; stock by address {reference['shift']:.3f}): {shown}")
    say({
        "bench": "browser", **{k: v for k, v in found.items() if not k.startswith("shifts")},
        "past_exports_ratio": found["past_exports_ms"] / reference["past_exports_ms"],
        "preview_ratio": found["preview_ms"] / reference["preview_ms"],
        **{f"reference_{name}": value for name, value in reference.items()},
    })  # fmt: skip


if __name__ == "__main__":
    main()
