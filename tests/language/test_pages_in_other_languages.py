"""Every page through AppTest in a language in which no message is as in English: what is still English is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from portal.composition import Portal
from portal.identity.lookup import digest
from portal.language import catalogue_of, catalogues, current_language
from portal.runtime import set_portal

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = "nl"
EMAIL = "{who}@brookandbean.example.com"
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "sign_in")
KINDS = "title header subheader markdown caption text info warning error success metric".split()
LABELLED = (
    "button text_input text_area selectbox multiselect radio toggle checkbox number_input date_input expander".split()
)


@pytest.fixture(scope="module")
def stretched_folder(reading: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stretched")
    reading.write_stretched(STAND_IN, folder)
    return folder


@pytest.fixture
def wordy(stretched_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(catalogues, "LOCALES", stretched_folder)
    catalogue_of.cache_clear()
    yield
    catalogue_of.cache_clear()


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    current_language.set("en")


@pytest.fixture
def portal(desk: Any) -> Iterator[Portal]:
    put: Portal = desk.portal
    set_portal(put)
    yield put
    set_portal(None)


@pytest.fixture(scope="module")
def exports(desk: Any) -> list[str]:
    """One of each end: ready, for a manager, refused, nothing held."""
    emails = ("ada@example.com", "two.people@example.com", "nobody@example.com", "none@example.com")
    return [desk.run(email).id for email in emails]


def tab(portal: Portal, who: str, language: str) -> AppTest:
    current_language.set(language)  # AppTest asks for the words of a choice outside the script, too
    app = AppTest.from_file(str(ROOT / "portal" / "app.py"), default_timeout=60)
    app.user = {"browser": "b" * 64, "address": "127.0.0.1", "language": language}
    if who:
        user = portal.accounts.user_for_account(EMAIL.format(who=who), origin="cli")
        app.user["session_hash"] = digest(
            portal.sessions.start_session(user.account_id, method="password", address="127.0.0.1", second_factor=False)
        )
    return app


def words_on(app: AppTest) -> Iterator[str]:
    """Everything the page says: texts, labels, hints, choices, columns and cells."""
    for kind in KINDS:
        for element in app.get(kind):
            yield str(getattr(element, "value", ""))
            yield str(getattr(element, "label", "") or "")
            yield str(getattr(element, "help", "") or "")
    for kind in LABELLED:
        for element in app.get(kind):
            for name in ("label", "help", "placeholder"):
                yield str(getattr(element, name, "") or "")
            yield from map(str, getattr(element, "options", ()))
    for frame in app.dataframe:
        yield from map(str, frame.value.columns)
        yield from (str(cell) for row in frame.value.to_numpy().tolist() for cell in row)


def bare(text: str) -> str:
    """Without what keeps Markdown away, signs and icons."""
    return re.sub(r"[\\\u2060]|:material/\w+:|^[●◐▲■○ⓘ] |:\w+\[|\]$", "", text).strip()


def english_left(app: AppTest, english: set[str]) -> set[str]:
    return {text for text in map(bare, words_on(app)) if text in english}


@pytest.fixture(scope="module")
def english(reading: ModuleType) -> set[str]:
    """Messages nobody could meet as a name or as data."""
    return {one for one in reading.messages() if "{" not in one and one != "UTC" and (" " in one or one[:1].isupper())}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("wordy")
def test_no_message_of_a_page_is_left_in_english(
    portal: Portal, exports: list[str], english: set[str], page: str
) -> None:
    app = tab(portal, "maya", STAND_IN)
    app.run()
    if page != "today":
        app.switch_page(f"../pages/{page}.py")
    for export in exports if page == "preview" else [""]:
        if export:
            app.query_params["export"] = export
        app.run()
        assert not app.exception
        assert len(app.title) == 1
        assert english_left(app, english) == set(), export


@pytest.mark.usefixtures("wordy")
def test_the_sign_in_page_is_in_the_language_the_gate_found(portal: Portal, english: set[str]) -> None:
    app = tab(portal, "", STAND_IN).run()
    assert app.title[0].value == catalogue_of(STAND_IN).text("Sign in") != "Sign in"
    assert english_left(app, english) == set()
    app.button[0].click().run()
    assert app.error
    assert english_left(app, english) == set()


@pytest.mark.usefixtures("wordy")
def test_wrong_input_is_answered_in_the_readers_language(portal: Portal, english: set[str]) -> None:
    app = tab(portal, "sam", STAND_IN).run()
    app.switch_page("../pages/new_export.py").run()
    app.button(key="request_export").click().run()
    assert app.error
    assert english_left(app, english) == set()
    assert catalogue_of(STAND_IN).text("Enter the customer's email or customer ID.") in bare(app.error[0].value)


def test_what_is_chosen_on_a_page_is_kept_in_no_language(portal: Portal) -> None:
    """Choices are kept as codes, not as words of one language: another one finds them again."""
    app = tab(portal, "sam", "de").run()
    app.switch_page("../pages/new_export.py").run()
    app.radio(key="limit_to").set_value("One card").run()
    assert "Eine Karte" in app.radio(key="limit_to").options
    assert app.session_state["limit_to"] == "One card"


def test_english_is_found_where_it_was_left(portal: Portal, english: set[str]) -> None:
    """The look that the tests above rely on sees an English page."""
    assert {"Today", "Latest exports", "Sign out"} <= english_left(tab(portal, "maya", "en").run(), english)
