"""Press what a screen offers, one kind of button after the other, and tell those that do nothing or break something.

A button is known by its words and the screen, dialog or sidebar it stands in. A walk opens the screen, presses one,
notes the buttons that appear by it, and comes back by the same way to press those too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import LOOK

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Response

    from tests.browser.conftest import Desk

# Ours: neither what Streamlit draws into its tables and header, nor a table's own tools.
BUTTONS = (
    "button:is([data-testid^=stBaseButton-], [data-testid=stPopoverButton]):enabled:visible"
    ":not([data-testid=stBaseButton-elementToolbar], [data-testid^=stBaseButton-header])"
)
DRAWN = """selector => {
  const words = b => (b.getAttribute('aria-label') || b.querySelector('p')?.innerText || b.innerText)
    .replace(/\\s+/g, ' ').trim();
  const place = b => {
    if (b.closest('[data-testid=stSidebar]')) return 'sidebar';
    const asked = b.closest('[role=dialog]');
    return asked ? 'dialog: ' + asked.innerText.split('\\n')[0] : 'page';
  };
  const kind = b => [...(b.closest('[class*=st-key-]')?.classList ?? [])].find(c => c.startsWith('st-key-')) ?? '';
  return [...document.querySelectorAll(selector)].filter(b => !b.disabled && b.checkVisibility())
    .map(b => [place(b), words(b), kind(b)]);
}"""
UNFOLD = """() => {
  const folded = [...document.querySelectorAll('[data-testid=stMain] details:not([open]) > summary')];
  folded.forEach(summary => summary.click());
  return folded.length;
}"""
DEEPEST = 4

Key = tuple[str, str]


@dataclass(frozen=True)
class Button:
    """Where it stands (`page`, `sidebar`, `dialog: …`), its words, and the key Streamlit writes into its class."""

    place: str
    words: str
    kind: str

    def read_as(self, screen: str) -> Key:
        """What makes two of them the same: a list's rows offer the same act again and again."""
        screen = screen.partition(",")[0]  # of the previews, each offers much of what the others do
        place = self.place if self.place == "sidebar" else f"{screen}, {self.place}"
        row = re.match(r"st-key-(recent|card|look|open|try|expiring|refresh|decide)-", self.kind)
        return place, row[1] if row else self.words


@dataclass
class Screen:
    """A page and what is done on it before its buttons are pressed."""

    name: str
    path: str
    prepare: Callable[[Desk], None] | None = None


@dataclass
class Walk:
    """What one person pressed, and what was wrong. `pressed` may hold what others pressed before: it is offered to this
    person too, and not pressed once more."""

    person: Desk
    last: frozenset[str]  # words of buttons that end the sign-in: left for the end
    pressed: set[Key] = field(default_factory=set)
    offered: set[Key] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    _answers: list[str] = field(default_factory=list)
    _downloads: int = 0

    def __post_init__(self) -> None:
        self._page.context.on("response", self._note)
        self._page.on("download", self._count_download)

    @property
    def _page(self) -> Page:
        return self.person.page

    def _note(self, answer: Response) -> None:
        if answer.status >= 400:
            self._answers.append(f"{answer.status} {answer.url}")

    def _count_download(self, _download: Any) -> None:
        self._downloads += 1

    def drawn(self) -> list[Button]:
        shown = self._page.evaluate(DRAWN, BUTTONS.replace(":enabled", "").replace(":visible", ""))
        return [Button(*each) for each in shown]

    def locate(self, button: Button) -> Locator:
        """The first that reads like it, where it stands."""
        inside = {
            "sidebar": self._page.get_by_test_id("stSidebar"),
            "page": self._page.locator("[data-testid=stMain], [data-testid=stPopoverBody]"),
        }.get(button.place, self._page.get_by_role("dialog"))
        if button.kind and button.read_as("")[1] != button.words:
            return inside.locator(f"[class~='{button.kind}'] button:visible").first
        named = inside.get_by_role("button", name=button.words, exact=True)
        shown = inside.locator("button", has=self._page.get_by_text(button.words, exact=True))  # "New export Alt + N"
        return inside.locator(BUTTONS).and_(named.or_(shown)).first

    def begin(self, screen: Screen) -> str:
        """Open the screen with all that is folded on it unfolded; how it looks then."""
        self.person.open(screen.path)
        self._page.get_by_role("heading", level=1).first.wait_for()
        if screen.prepare is not None:
            self.person.whole()
            screen.prepare(self.person)
        looks = self.person.whole()
        return self.person.whole() if self._unfold() else looks

    def _unfold(self) -> int:
        """Open what is folded, all at once, and what is folded in that; how many there were."""
        opened = 0
        while count := int(self._page.evaluate(UNFOLD)):
            opened += count
            self.person.settle()
        return opened

    def press(self, screen: Screen, way: tuple[Button, ...], looks: str) -> bool:
        """Go the way from the screen that looks so; False when a button of it is no longer there, for an earlier
        press used up what it was about."""
        for button in way:
            before = looks
            self._answers.clear()
            self.person.trouble.begin()
            seen = self._downloads
            try:
                self.locate(button).click(timeout=3_000)
            except PlaywrightTimeout:
                return False
            looks = self.person.whole()
        self._judge(screen, way, moved=looks != before or self._downloads > seen)
        return True

    def _judge(self, screen: Screen, way: tuple[Button, ...], *, moved: bool) -> None:
        name = f"{screen.name}: " + " > ".join(button.words for button in way)
        wrong = [*self._answers, *self.person.trouble.unexpected()]
        if self._page.get_by_test_id("stException").count():
            wrong.append("a stack trace")
        if not moved:
            wrong.append("nothing happened")
        self.faults += [f"{name}: {each}" for each in wrong]
        print(f"{time.strftime('%X')} {name}", *wrong, sep=" | ")  # pytest shows it of a walk that fails

    def every_button(self, screen: Screen) -> None:
        """Press each kind that was not pressed yet, and what appears by it; once more for what the first round left:
        an address that was made can be ended only from then on."""
        self._round(screen)
        here = screen.name.partition(",")[0] + ","
        if any(place.startswith(here) for place, _words in self.left()):
            self._round(screen)

    def left(self) -> list[Key]:
        """What was offered and nobody pressed."""
        return sorted(key for key in self.offered - self.pressed if key[1] not in self.last)

    def _round(self, screen: Screen) -> None:
        looks = self.begin(screen)
        offered = self.drawn()
        waiting = [(button,) for button in self._fresh(screen)]
        stands = True
        while waiting:
            way = waiting.pop(0)
            key = way[-1].read_as(screen.name)
            if key in self.pressed:
                continue
            if not stands:
                looks = self.begin(screen)
            if not self.press(screen, way, looks):
                stands = False
                continue
            self.pressed.add(key)
            looks = str(self._page.evaluate(LOOK))
            stands = self.drawn() == offered and self._is_at(screen)
            if len(way) < DEEPEST and self._is_at(screen) and not stands:
                known = {way[-1].read_as(screen.name) for way in waiting}
                fresh = [button for button in self._fresh(screen) if button.read_as(screen.name) not in known]
                waiting = [(*way, button) for button in fresh] + waiting

    def _is_at(self, screen: Screen) -> bool:
        return urlsplit(self._page.url).path == screen.path.partition("?")[0]

    def _fresh(self, screen: Screen) -> list[Button]:
        found: dict[Key, Button] = {}
        for button in self.drawn():
            key = button.read_as(screen.name)
            self.offered.add(key)
            if button.words not in self.last and key not in self.pressed:
                found.setdefault(key, button)
        return sorted(found.values(), key=lambda button: button.words != "Cancel")  # before the dialog's act is used up
