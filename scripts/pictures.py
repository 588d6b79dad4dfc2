"""Pictures of every screen in every state that can occur: desktop and phone, light and dark, and in each language.

Starts two practice portals on free ports with temporary folders and a LoyaltyDog with long answers, makes a believable
day and takes what `picture_list.py` names: all into `--all` (ignored by git), two for the README into `--out`.
"""

from __future__ import annotations

import argparse
import inspect
import secrets
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

# Each puts its steps on the list, in this order: the second shop is empty first, and what is broken comes last.
# isort: off
import picture_second_shop  # noqa: E402, F401
import picture_screens  # noqa: E402, F401
import picture_cases  # noqa: E402, F401
import picture_previews  # noqa: E402, F401
import picture_way_in  # noqa: E402, F401

# isort: on
from picture_camera import KINDS, LAUNCH, SIZES, Camera, House, demo, find_chromium  # noqa: E402
from picture_list import SHOTS, Shot  # noqa: E402
from picture_shop import FIRST, SECOND, make_day, make_long  # noqa: E402
from picture_vendor import Vendor, vendor  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from playwright.sync_api import Error as BrowserError  # noqa: E402

STRICT = {"PORTAL_STEP_UP_MINUTES": "0.01", "PORTAL_IDLE_MINUTES": "1"}
EMAILS = {"nora": f"maya@{SECOND}", "iris-once": f"iris@{FIRST}"}
LANGUAGES = {"de": "de-DE", "fr": "fr-FR", "es": "es-ES", "it": "it-IT", "nl": "nl-NL"}
IN_EACH_LANGUAGE = ("", "cases", "new_case", "case", "new_export", "past_exports", "preview", "settings")
LONGEST = "de"
PAGES = (
    "", "cases", "new_case", "case", "case_file", "new_export", "past_exports", "preview", "audit_trail", "accounts",
    "settings", "your_account", "help",
)  # fmt: skip
BRIEF = (("wide", "light"), ("phone", "light"))


@dataclass
class Studio:
    """All that a step may use: who sits where, and what there is to see."""

    browser: Browser
    houses: dict[str, House]
    vendor: Vendor
    password: str
    folder: Path
    places: dict[str, str] = field(default_factory=dict)
    cameras: dict[tuple[str, str], Camera] = field(default_factory=dict)
    second_filled: bool = False

    def camera(self, who: str, house: str, locale: str = "en-GB") -> Camera:
        """A browser of its own at the page of `who`, signed in; the strict house's sessions are too short to keep."""
        kept = self.cameras.get((who, house))
        if kept is not None:
            return kept
        width, height = SIZES["wide"]
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, timezone_id="Europe/London", locale=locale
        )
        made = Camera(context.new_page(), self.houses[house].origin, self.folder)
        if who:
            made.sign_in(EMAILS.get(who, f"{who}@{FIRST}"), self.password)
        if who and house == "main" and not who.endswith("-once"):
            self.cameras[(who, house)] = made
        return made

    def done_with(self, camera: Camera) -> None:
        if camera not in self.cameras.values():
            camera.page.context.close()

    def take(self, shot: Shot, kinds: tuple[tuple[str, str], ...]) -> None:
        if shot.who == "nora" and shot.state != "empty" and not self.second_filled:
            make_long(self.houses["main"].folder, self.vendor)
            self.second_filled = True
        camera = self.camera(shot.who, shot.house)
        try:
            steps = shot.step(camera, self)
            if inspect.isgenerator(steps):
                next(steps)
                camera.shoot(shot.name, kinds, whole=shot.whole)
                next(steps, None)
            else:
                camera.shoot(shot.name, kinds, whole=shot.whole)
        finally:
            self.done_with(camera)

    def take_languages(self) -> None:
        """German of every page, where words are longest; a few pages in each other language."""
        for language, locale in LANGUAGES.items():
            nobody = self.camera("", "main", locale)
            nobody.open("/")
            nobody.shoot(f"sign-in-{language}", BRIEF)
            nobody.page.context.close()
            state = self.camera("maya", "main").page.context.storage_state()
            context = self.browser.new_context(storage_state=state, locale=locale, timezone_id="Europe/London")
            camera = Camera(context.new_page(), self.houses["main"].origin, self.folder)
            for page in PAGES if language == LONGEST else IN_EACH_LANGUAGE:
                camera.open({"preview": self.places["ada"], "case": self.places["case"]}.get(page, f"/{page}"))
                camera.shoot(f"{page.replace('_', '-') or 'today'}-{language}", BRIEF)
            context.close()


def for_the_readme(studio: Studio, out: Path) -> None:
    state = studio.camera("maya", "main").page.context.storage_state()
    context = studio.browser.new_context(
        storage_state=state, viewport={"width": 1280, "height": 1150}, timezone_id="Europe/London", locale="en-GB"
    )
    camera = Camera(context.new_page(), studio.houses["main"].origin, out)
    camera.open(studio.places["ada"])
    camera.tab("giftCards (")
    # Other people's cells are to the right of the first columns.
    camera.page.locator("[data-testid=stDataFrame]:visible .dvn-scroller").first.evaluate("e => e.scrollLeft = 2600")
    camera.page.wait_for_timeout(500)
    camera.page.screenshot(path=out / "preview.png")
    camera.page.set_viewport_size({"width": 1280, "height": 800})
    camera.open("/past_exports")
    camera.page.screenshot(path=out / "past-exports.png")
    context.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures", help="the few for the README")
    parser.add_argument("--all", type=Path, default=ROOT / ".data" / "pictures", help="every picture")
    parser.add_argument("--quick", action="store_true", help="desktop and light only")
    parser.add_argument(
        "--only",
        default="",
        help="names that hold one of these words, with commas between; the README's are left alone",
    )
    asked = parser.parse_args()
    asked.all.mkdir(parents=True, exist_ok=True)
    kinds = KINDS[:1] if asked.quick else KINDS
    password = secrets.token_urlsafe(12)
    failed = []
    with (
        demo(password) as house, demo(password, **STRICT) as strict, vendor() as loyaltydog, sync_playwright() as play,
    ):  # fmt: skip
        browser = play.chromium.launch(executable_path=find_chromium(), args=LAUNCH)
        studio = Studio(browser, {"main": house, "strict": strict}, loyaltydog, password, asked.all)
        studio.places |= make_day(studio.camera("maya", "main"))
        for shot in SHOTS:
            if asked.only and not any(word in shot.name for word in asked.only.split(",")):
                continue
            started = time.monotonic()
            try:
                studio.take(shot, kinds)
                print(f"{shot.name}: {time.monotonic() - started:.0f} s", flush=True)
            except (BrowserError, LookupError) as error:
                failed.append(shot.name)
                print(f"{shot.name}: NOT TAKEN, {str(error).splitlines()[0]}", flush=True)
        if not asked.only:
            asked.out.mkdir(parents=True, exist_ok=True)
            studio.take_languages()
            for_the_readme(studio, asked.out)
        browser.close()
    print(f"Pictures: {asked.all} (all), {asked.out} (for the README). Not taken: {', '.join(failed) or 'none'}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
