"""The two pages by themselves, through AppTest, over a real portal in a temporary folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from streamlit.testing.v1 import AppTest

from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.identity import Role
from portal.identity.factors.passwords import hash_password
from portal.identity.lookup import digest
from portal.runtime import set_portal
from portal.storage.tables import Account
from portal.web.streamlit import page_run

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "violet-tractor-pond-91"
BROWSER = "b" * 64


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def portal(tmp_path: Path, hashed: str) -> Iterator[Portal]:
    made = build_portal(Settings(data_dir=tmp_path))
    merchant = made.accounts.create_merchant("Shop")
    with made.db.write() as db:
        for who in ("agent", "manager", "deputy"):
            role = Role.MANAGER.value if who == "deputy" else who
            db.add(Account(merchant_id=merchant, email=f"{who}@shop.example", role=role, password_hash=hashed))
    set_portal(made)
    yield made
    set_portal(None)
    made.stop()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where the page sent the browser."""
    places: list[str] = []
    monkeypatch.setattr(page_run, "redirect_browser", places.append)
    return places


def sign_in_page(**visitor: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / "sign_in.py"), default_timeout=20)
    page.user = {"browser": BROWSER, "address": "203.0.113.5", **visitor}
    return page.run()


def enter(page: AppTest, email: str, password: str) -> AppTest:
    page.text_input[0].set_value(email)
    page.text_input[1].set_value(password)
    return next(b for b in page.button if b.label == "Sign in").click().run()


def redeemed(portal: Portal, place: str) -> str:
    """The email of the account a redirect would sign in."""
    path, _, ticket = place.partition("?ticket=")
    assert path == "/auth/start"
    found = portal.tickets.redeem_ticket(ticket, browser=BROWSER)
    assert found is not None
    return portal.accounts.user_for_account(found.account_id, origin="cli").email


@pytest.mark.keeps("ASVS-6.2.6", "ASVS-6.2.7")
def test_the_form_has_the_labels_people_and_password_managers_rely_on(portal: Portal) -> None:
    page = sign_in_page()
    assert page.title[0].value == "Sign in"
    assert [(t.label, t.proto.autocomplete) for t in page.text_input][:2] == [
        ("Email", "username"),
        ("Password", "current-password"),
    ]
    typed = page.text_input[1].proto
    assert typed.type == typed.PASSWORD
    assert not page.exception


def test_the_right_password_sends_the_browser_for_its_cookie(portal: Portal, sent: list[str]) -> None:
    page = enter(sign_in_page(), "agent@shop.example", PASSWORD)
    assert not page.error
    assert redeemed(portal, sent[0]) == "agent@shop.example"


def test_a_wrong_password_and_an_unknown_email_draw_the_same_page(portal: Portal, sent: list[str]) -> None:
    drawn = {
        tuple(e.value for e in enter(sign_in_page(), email, "not-the-password-at-all").error)
        for email in ("agent@shop.example", "nobody@shop.example")
    }
    assert len(drawn) == 1
    assert sent == []


def test_empty_fields_are_not_sent_anywhere(portal: Portal, sent: list[str]) -> None:
    page = enter(sign_in_page(), "", "")
    assert "Enter your email" in page.error[0].value
    assert sent == []


def test_too_many_tries_say_how_long_to_wait(portal: Portal, sent: list[str]) -> None:
    page = sign_in_page()
    for _ in range(9):
        page = enter(page, "agent@shop.example", "not-the-password-at-all")
    assert "Wait" in page.error[0].value
    assert "second" in page.error[0].value


@pytest.mark.parametrize(("ended", "word"), [("idle", "nothing happened"), ("disabled", "switched off"), ("x<b>", "")])
def test_the_page_says_why_somebody_is_here(portal: Portal, ended: str, word: str) -> None:
    page = sign_in_page(ended=ended)
    assert [word in info.value for info in page.info] == ([True] if word else [])


def test_a_browser_without_the_nonce_is_told_to_reload(portal: Portal, sent: list[str]) -> None:
    page = enter(sign_in_page(browser=""), "agent@shop.example", PASSWORD)
    assert "cookie" in page.error[0].value
    assert sent == []


def test_a_manager_must_enrol_and_see_recovery_codes_to_sign_in(portal: Portal, sent: list[str]) -> None:
    page = enter(sign_in_page(), "manager@shop.example", PASSWORD)
    assert sent == [], "the password alone must not be enough"
    secret = page.code[0].value
    page.text_input[0].set_value(pyotp.TOTP(secret).now())
    page = next(b for b in page.button if b.label == "Verify").click().run()
    codes = page.code[0].value.split()
    assert len(codes) == 10
    assert sent == []
    page = next(b for b in page.button if b.label == "I have kept them").click().run()
    assert redeemed(portal, sent[0]) == "manager@shop.example"
    assert not any(codes[0] in c.value for c in page.run().code), "recovery codes are shown once"
    again = enter(sign_in_page(), "manager@shop.example", PASSWORD)
    assert again.text_input[0].label == "6-digit code"
    again.text_input[0].set_value("000000")
    again = next(b for b in again.button if b.label == "Verify").click().run()
    assert len(sent) == 1
    again.text_input[0].set_value(codes[0])
    next(b for b in again.button if b.label == "Verify").click().run()
    assert redeemed(portal, sent[1]) == "manager@shop.example"


def test_a_code_left_empty_is_asked_for(portal: Portal, sent: list[str]) -> None:
    page = pressed(enter(sign_in_page(), "manager@shop.example", PASSWORD), "Verify")
    assert [error.value for error in page.error] == ["Enter the code."]
    assert sent == []


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"PORTAL_OIDC_{name}", "https://id.example.com")


def merchant_fields(page: AppTest) -> list[str]:
    return [field.label for field in page.text_input if field.label == "Merchant"]


def test_single_sign_on_asks_for_the_merchant_only_when_there_are_several(
    portal: Portal, provider: None, sent: list[str]
) -> None:
    page = sign_in_page()
    assert merchant_fields(page) == []
    pressed(page, "Single sign-on")
    assert sent == ["/auth/oidc"]
    assert merchant_fields(sign_in_page(ended="several_merchants")) == ["Merchant"]


@pytest.mark.parametrize("typed", ["Books", " books "])
def test_the_merchant_that_is_named_goes_with_the_single_sign_on(
    portal: Portal, provider: None, sent: list[str], typed: str
) -> None:
    books = portal.accounts.create_merchant("Books")
    page = sign_in_page(ended="several_merchants")
    assert "Several merchants have invited you." in page.info[0].value
    next(field for field in page.text_input if field.label == "Merchant").set_value(typed)
    pressed(page, "Single sign-on")
    assert sent == [f"/auth/oidc?merchant={books}"]


def test_a_merchant_that_is_none_reads_like_one(portal: Portal, provider: None, sent: list[str]) -> None:
    page = sign_in_page(ended="several_merchants")
    next(field for field in page.text_input if field.label == "Merchant").set_value("No such shop")
    pressed(page, "Single sign-on")
    assert re.fullmatch(r"/auth/oidc\?merchant=[0-9a-f]{32}", sent[0])


def test_starting_over_forgets_the_first_factor(portal: Portal, sent: list[str]) -> None:
    page = enter(sign_in_page(), "manager@shop.example", PASSWORD)
    page = next(b for b in page.button if b.label == "Start over").click().run()
    assert page.text_input[0].label == "Email"


@pytest.fixture
def accounts_page(portal: Portal) -> Callable[..., AppTest]:
    def opened(who: str = "manager", script: str = "script_for_accounts.py") -> AppTest:
        account = portal.accounts.user_for_account(f"{who}@shop.example", origin="cli").account_id
        cookie = portal.sessions.start_session(account, method="password", address="203.0.113.5", second_factor=True)
        page = AppTest.from_file(str(Path(__file__).with_name(script)), default_timeout=20)
        page.user = {"session_hash": digest(cookie), "account_id": account, "browser": BROWSER}
        return page.run()

    return opened


def test_a_manager_sees_everyone_and_can_invite(portal: Portal, accounts_page: Callable[..., AppTest]) -> None:
    page = accounts_page()
    assert list(page.dataframe[0].value["Email"]) == [
        "agent@shop.example",
        "deputy@shop.example",
        "manager@shop.example",
    ]
    fields = {t.label: t for t in page.text_input}
    fields["Email"].set_value("new@shop.example")
    fields["Name"].set_value("Nell New")
    page = next(b for b in page.button if b.label == "Invite").click().run()
    password = page.code[0].value
    made = portal.password_sign_in.check_password("new@shop.example", password, address="203.0.113.9")
    assert (made.name, made.role) == ("Nell New", Role.AGENT)
    assert not any(password in c.value for c in page.run().code), "the first password is shown once"


def test_a_wrong_invitation_says_what_is_wrong_and_changes_nothing(
    portal: Portal, accounts_page: Callable[..., AppTest]
) -> None:
    page = accounts_page()
    {t.label: t for t in page.text_input}["Email"].set_value("agent@shop.example")
    page = next(b for b in page.button if b.label == "Invite").click().run()
    assert "already an account" in page.error[0].value
    assert len(page.dataframe[0].value) == 3


def test_an_agent_who_finds_the_page_is_refused(accounts_page: Callable[..., AppTest]) -> None:
    page = accounts_page("agent")
    assert "does not allow" in page.error[0].value
    assert not page.dataframe
    assert not page.text_input


def test_choosing_what_is_there_already_says_so(portal: Portal, accounts_page: Callable[..., AppTest]) -> None:
    page = pressed(accounts_page(), "Save")
    assert [info.value for info in page.info] == ["Nothing was changed: it is so already."]


YOURS = "script_for_your_account.py"


def pressed(page: AppTest, label: str) -> AppTest:
    return next(b for b in page.button if b.label == label).click().run()


def test_an_agent_changes_their_own_password_and_is_signed_out(
    portal: Portal, accounts_page: Callable[..., AppTest]
) -> None:
    page = accounts_page("agent", YOURS)
    assert not page.exception
    fields = {t.label: t for t in page.text_input}
    fields["New password"].set_value("harbour-mustard-kite-38")
    fields["The same once more"].set_value("harbour-mustard-kite-39")
    page = pressed(page, "Change password")
    assert "not the same" in page.error[0].value
    {t.label: t for t in page.text_input}["The same once more"].set_value("harbour-mustard-kite-38")
    pressed(page, "Change password")
    assert portal.sessions.check_session(page.user["session_hash"], touch=False).ended == "password_changed"
    portal.password_sign_in.check_password("agent@shop.example", "harbour-mustard-kite-38", address="203.0.113.9")


def test_a_weak_password_is_refused_in_words_and_nothing_changes(
    portal: Portal, accounts_page: Callable[..., AppTest]
) -> None:
    page = accounts_page("agent", YOURS)
    for field in page.text_input:
        field.set_value("too short")
    page = pressed(page, "Change password")
    assert "15" in page.error[0].value
    portal.password_sign_in.check_password("agent@shop.example", PASSWORD, address="203.0.113.9")


def test_own_sessions_are_listed_and_ended_after_a_question(
    portal: Portal, accounts_page: Callable[..., AppTest]
) -> None:
    accounts_page("agent", YOURS)
    page = accounts_page("agent", YOURS)
    assert list(page.dataframe[0].value["This browser"]) == ["here", ""]
    page = pressed(page, "Sign out everywhere else")
    assert "Sign out now" in [b.label for b in page.button]  # pressed in tests/browser/test_asked_first.py
    assert list(page.dataframe[0].value["This browser"]) == ["here", ""]


def test_an_agent_asks_for_a_second_factor_of_their_own(portal: Portal, accounts_page: Callable[..., AppTest]) -> None:
    page = pressed(accounts_page("agent", YOURS), "Set up a second factor")
    assert portal.sessions.check_session(page.user["session_hash"], touch=False).ended == "second_factor_changed"
    again = enter(sign_in_page(), "agent@shop.example", PASSWORD)
    assert any("authenticator app" in t.value for t in again.text)
