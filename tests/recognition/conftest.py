"""A whole portal on SQLite with one case a merchant and mails that stay in the outbox: no worker, no vendor."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from portal.cases.facts import Channel, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.delivery.mail.contents import IdentityCodeMail
from portal.delivery.mail.ledger import MailSeal
from portal.identity import User
from portal.storage.answering.mail_tables import Mail, MailSender
from portal.storage.answering.recognition_tables import IdentityCode
from portal.storage.tables import Account, AuditEntry, Export, FileKey, utc_now
from portal.vault.files import FilePlace

K = IdentifierKind


@dataclass
class Room:
    """Opens cases and reads what was mailed."""

    portal: Portal
    accounts: dict[str, str] = field(default_factory=dict)
    opened: int = 0

    def user(self, who: str = "agent", shop: str = "one") -> User:
        return self.portal.accounts.user_for_account(self.accounts[f"{who}@{shop}"], origin="198.51.100.7")

    def case(self, *rights: Right, shop: str = "one", **known: str) -> str:
        self.opened += 1
        given = known or {"email": f"person.{self.opened}@example.com"}
        new = NewCase(
            identifiers=tuple((K(kind), SecretStr(value)) for kind, value in given.items()),
            rights=frozenset(rights or {Right.ACCESS}), channel=Channel.EMAIL,
        )  # fmt: skip
        return str(self.portal.case_intake.open(self.user(shop=shop), new).case_id)

    def addresses(self, case: str) -> list[str]:
        return [one.identifier_id for one in self.portal.identity_codes.state(self.user(), case).addresses]

    def mail(self, case: str) -> str:
        """Mail a code to the only address; gives the code, which stands in the mail alone."""
        self.portal.identity_codes.send(self.user(), case, self.addresses(case)[0])
        return self.mailed(case)[-1].code

    def mailed(self, case: str) -> list[IdentityCodeMail]:
        seal = MailSeal(self.portal.sealer)
        with self.portal.db.read() as session:
            rows = session.scalars(select(Mail).where(Mail.case_id == case).order_by(Mail.created_at)).all()
            drafts = [seal.draft(row) for row in rows]
        return [draft.contents for draft in drafts if draft and isinstance(draft.contents, IdentityCodeMail)]

    def file(self, case: str, content: dict[str, Any], who: str = "agent", shop: str = "one") -> str:
        """An export of the case whose file is here, checked and found good. Gives its id."""
        export_id = self.portal.case_exports.ask(self.user(who, shop), case, 1, force=True)
        data = json.dumps(content).encode()
        with self.portal.db.write() as session:
            row = session.get_one(Export, export_id)
            row.state, row.file.blob_name = "ready", f"{row.merchant_id}/{export_id}"
            place = FilePlace(row.merchant_id, row.id, row.file.blob_name)
            key = self.portal.sealed.new_key(place)
            with self.portal.sealed.sealing(place, key) as writer:
                writer.write(data)
            row.file.sha256, row.file.size_bytes = writer.sha256, writer.size_bytes
            row.file.destroy_after, row.file.verdict = utc_now() + dt.timedelta(days=7), "one_person"
            session.add(
                FileKey(
                    export_id=row.id, blob_name=row.file.blob_name, merchant_id=row.merchant_id, sealed_keyset=key
                )
            )  # fmt: skip
        return str(export_id)

    def facts(self, case: str) -> list[dict[str, Any]]:
        view = self.portal.case_register.show(self.user("auditor"), case)
        return [dict(fact.codes) for fact in view.facts if fact.kind == "identity"]

    def settled(self, case: str) -> bool:
        return self.portal.case_register.show(self.user("auditor"), case).recognition.settled

    def entries(self, case: str) -> list[str]:
        with self.portal.db.read() as session:
            wanted = select(AuditEntry.action).where(AuditEntry.object_id == case).order_by(AuditEntry.seq)
            return list(session.scalars(wanted))

    def later(self, case: str, **by: float) -> None:
        """Move the times of the case's code and mails back by so much."""
        step = dt.timedelta(**by)
        with self.portal.db.write() as session:
            row = session.scalar(select(IdentityCode).where(IdentityCode.case_id == case))
            assert row is not None
            row.until, row.sent_since = row.until - step, row.sent_since - step
            session.execute(update(Mail).values(created_at=utc_now() - dt.timedelta(days=3)))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("room"), mail_host="relay.example", mail_from="privacy@portal.example"
    )
    portal = build_portal(settings)
    portal.outbox.start = lambda mail_id: None  # type: ignore[method-assign]  # no worker sends: a mail stays queued
    made = Room(portal)
    for shop in ("one", "two"):
        merchant = portal.accounts.create_merchant(f"Shop {shop}")
        with portal.db.write() as session:
            for who in ("agent", "manager", "auditor"):
                account = Account(merchant_id=merchant, email=f"{who}@{shop}.example", role=who)
                session.add(account)
                session.flush()
                made.accounts[f"{who}@{shop}"] = account.id
            session.add(
                MailSender(merchant_id=merchant, reply_to=f"desk@{shop}.example", updated_by=account.id)
            )  # fmt: skip
    yield made
    portal.stop()
