"""A whole portal on SQLite with a page for requests a merchant; mails stay in the outbox: no worker, no vendor."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.delivery.mail.contents import DoorCodeMail
from portal.delivery.mail.ledger import MailSeal
from portal.front_door import forms
from portal.front_door.settings import put_door
from portal.front_door.views import Asking, MinePage
from portal.identity import User
from portal.storage.answering.front_door_tables import DoorRequest, FrontDoor
from portal.storage.answering.mail_tables import Mail, MailSender
from portal.storage.case_tables import Case
from portal.storage.tables import Account, AuditEntry

ADDRESSES = (f"203.0.{one}.{two}" for one, two in itertools.product(range(256), range(1, 255)))


@dataclass
class Doorway:
    """Asks as people do, and reads what was mailed. Each test uses addresses of its own."""

    portal: Portal
    accounts: dict[str, str] = field(default_factory=dict)
    merchants: dict[str, str] = field(default_factory=dict)
    people: Iterator[int] = field(default_factory=itertools.count)

    @property
    def desk(self) -> Any:
        return self.portal.front_door_desk

    def user(self, who: str = "agent", shop: str = "one") -> User:
        return self.portal.accounts.user_for_account(self.accounts[f"{who}@{shop}"], origin="198.51.100.7")

    def email(self) -> str:
        return f"asker.{next(self.people)}@example.com"

    def form(self, shop: str = "one", age: float = 10.0) -> str:
        """One that was given out so many seconds ago."""
        with self.portal.db.read() as session:
            key = self.portal.front_door_desk.seal.key(session.get_one(FrontDoor, self.merchants[shop]))
        return forms.new_form(key, dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age))

    def asking(self, email: str, shop: str = "one", **more: str) -> Asking:
        given = {"demand": "copy", "note": "", "form": self.form(shop), "trap": "", "language": "en"} | more
        return Asking(email=email, **given)

    def ask(self, email: str, shop: str = "one", address: str = "", **more: str) -> str:
        return str(self.desk.ask(f"shop-{shop}", self.asking(email, shop, **more), address=address or next(ADDRESSES)))

    def mails(self, email: str) -> list[Any]:
        """Contents of what was mailed there, the first first."""
        seal = MailSeal(self.portal.sealer)
        with self.portal.db.read() as session:
            rows = session.scalars(select(Mail).order_by(Mail.created_at, Mail.id)).all()
            drafts = [seal.draft(row) for row in rows if seal.to(row) == email]
        return [draft.contents for draft in drafts if draft]

    def code(self, email: str) -> str:
        return str([one.code for one in self.mails(email) if isinstance(one, DoorCodeMail)][-1])

    def enter(self, token: str, code: str) -> Any:
        return self.desk.enter_code(token, code, address=next(ADDRESSES))

    def proved(self, email: str, shop: str = "one", **more: str) -> tuple[str, str]:
        """Token and cookie of a page whose code was typed."""
        entered = self.enter(self.ask(email, shop, **more), self.code(email))
        return entered.token, entered.cookie

    def mine(self, token: str, cookie: str = "") -> MinePage:
        page: MinePage = self.desk.mine(token, cookie)
        return page

    def request(self, email: str) -> DoorRequest:
        """The newest of that address; gone addresses are found no more."""
        with self.portal.db.read() as session:
            rows = session.scalars(select(DoorRequest).order_by(DoorRequest.submitted_at.desc()))
            return next(row for row in rows if self.desk.seal.opened(row, "email") == email)

    def cases(self, shop: str = "one") -> list[Case]:
        with self.portal.db.read() as session:
            wanted = select(Case).where(Case.merchant_id == self.merchants[shop]).order_by(Case.number)
            return list(session.scalars(wanted))

    def case_of(self, email: str) -> str:
        return str(self.request(email).case_id)

    def methods(self, case_id: str) -> list[str]:
        view = self.portal.case_register.show(self.user("auditor"), case_id)
        return [fact.codes["method"] for fact in view.facts if fact.kind == "identity"]

    def entries(self, object_id: str) -> list[str]:
        with self.portal.db.read() as session:
            wanted = select(AuditEntry.action).where(AuditEntry.object_id == object_id).order_by(AuditEntry.seq)
            return list(session.scalars(wanted))

    def later(self, email: str, **by: float) -> None:
        """Move the times of a request and of all mails back by so much."""
        step = dt.timedelta(**by)
        with self.portal.db.write() as session:
            for row in session.scalars(select(DoorRequest)):
                if self.desk.seal.opened(row, "email") == email:
                    row.submitted_at -= step
                    row.until = row.until and row.until - step
                    row.sent_since = row.sent_since and row.sent_since - step
            for mail in session.scalars(select(Mail)):
                mail.created_at -= step


@pytest.fixture(scope="module")
def doorway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doorway]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("doorway"), mail_host="relay.example", mail_from="privacy@portal.example"
    )
    portal = build_portal(settings)
    portal.outbox.start = lambda mail_id: None  # type: ignore[method-assign]  # no worker sends: a mail stays queued
    made = Doorway(portal)
    for shop in ("one", "two"):
        merchant = made.merchants[shop] = portal.accounts.create_merchant(f"Shop {shop}")
        with portal.db.write() as session:
            for who in ("agent", "manager", "auditor"):
                account = Account(merchant_id=merchant, email=f"{who}@{shop}.example", role=who)
                session.add(account)
                session.flush()
                made.accounts[f"{who}@{shop}"] = account.id
            session.add(MailSender(merchant_id=merchant, reply_to=f"desk@{shop}.example", updated_by=account.id))
            put_door(session, made.desk.seal, merchant, is_open=True, name=f"shop-{shop}", by="system")
    yield made
    portal.stop()
