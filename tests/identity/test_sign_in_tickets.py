from __future__ import annotations

import threading

import pytest
import time_machine

from portal.errors import NotSignedIn
from portal.identity.tickets import SIGN_OUT, TICKET_SECONDS
from portal.storage.engine import Database
from portal.storage.tables import Account, SignInTicket, utc_now
from tests.identity.services import Services

pytestmark = pytest.mark.keeps("SEC-32")

BROWSER, OTHER = "a" * 64, "b" * 64


def test_a_ticket_works_once_in_its_own_browser(identity: Services, people) -> None:
    ticket = identity.tickets.issue_ticket(people.ids["agent@one"], browser=BROWSER, method="password")
    redeemed = identity.tickets.redeem_ticket(ticket, browser=BROWSER)
    assert redeemed is not None
    assert redeemed.account_id == people.ids["agent@one"]
    assert redeemed.facts == {"method": "password"}
    assert identity.tickets.redeem_ticket(ticket, browser=BROWSER) is None


def test_a_stolen_ticket_fails_and_still_works_for_its_owner(identity: Services, people) -> None:
    ticket = identity.tickets.issue_ticket(people.ids["agent@one"], browser=BROWSER)
    for thief in (OTHER, "", "%"):
        assert identity.tickets.redeem_ticket(ticket, browser=thief) is None
    assert identity.tickets.redeem_ticket(ticket, browser=BROWSER) is not None


def test_a_ticket_of_one_purpose_does_nothing_for_another(identity: Services, people) -> None:
    ticket = identity.tickets.issue_ticket(people.ids["agent@one"], browser=BROWSER, purpose=SIGN_OUT)
    assert identity.tickets.redeem_ticket(ticket, browser=BROWSER) is None


def test_a_late_ticket_is_refused(identity: Services, people) -> None:
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False) as clock:
        ticket = identity.tickets.issue_ticket(people.ids["agent@one"], browser=BROWSER)
        clock.shift(TICKET_SECONDS)
        assert identity.tickets.redeem_ticket(ticket, browser=BROWSER) is None


def test_a_browser_without_the_nonce_gets_no_ticket(identity: Services, people) -> None:
    with pytest.raises(NotSignedIn):
        identity.tickets.issue_ticket(people.ids["agent@one"], browser="")


def test_an_account_disabled_meanwhile_does_not_get_in(identity: Services, people, database: Database) -> None:
    ticket = identity.tickets.issue_ticket(people.ids["agent@one"], browser=BROWSER)
    with database.write() as db:
        db.get_one(Account, people.ids["agent@one"]).disabled_at = utc_now()
    assert identity.tickets.redeem_ticket(ticket, browser=BROWSER) is None


def test_only_one_of_many_at_once_redeems(identity: Services, people) -> None:
    ticket = identity.tickets.issue_ticket(people.ids["agent@one"], browser=BROWSER)
    results: list[bool] = []

    def redeem() -> None:
        results.append(identity.tickets.redeem_ticket(ticket, browser=BROWSER) is not None)

    threads = [threading.Thread(target=redeem) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 7 + [True]


def test_the_table_holds_neither_ticket_nor_vendor_token(identity: Services, people, database: Database) -> None:
    ticket = identity.tickets.issue_ticket(people.ids["agent@one"], browser=BROWSER, vendor_token="canary-vendor-token")
    with database.read() as db:
        rows = db.query(SignInTicket).all()
        held = repr([vars(r) for r in rows])
    assert len(rows) == 1
    assert ticket not in held
    assert "canary" not in held
    redeemed = identity.tickets.redeem_ticket(ticket, browser=BROWSER)
    assert redeemed is not None
    assert redeemed.vendor_token == "canary-vendor-token"
    with database.read() as db:
        assert db.query(SignInTicket).one().sealed_vendor_token is None
