"""An approved package that can be given out, on both pairs of stores, and a post that keeps what it is given."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from sqlalchemy.orm import Session

from portal.cases.services.ledger import rows_of
from portal.delivery.giving.sending import MailFacts
from portal.delivery.kinds import CodeChannel, DeliveryWay
from portal.delivery.views import DeliveryView
from portal.storage.case_tables import Case
from tests.exports.conftest import desk as desk
from tests.package.versions.conftest import collect, decide_all, recognise, save_profile
from tests.sources.conftest import opened as opened

ADDRESS = "198.51.100.9"


@dataclass
class Posted:
    """One mail that was queued."""

    id: str
    delivery_id: str
    to: str
    contents: Any


@dataclass
class KeptPost:
    """A post whose mails lie in a list. `portal.delivery.mail` is tested by itself."""

    ready: bool = True
    mails: list[Posted] = field(default_factory=list)
    started: list[str] = field(default_factory=list)

    def queue(self, session: Session, **mail: Any) -> str:
        self.mails.append(Posted(secrets.token_hex(16), mail["delivery_id"], mail["to"], mail["contents"]))
        return self.mails[-1].id

    def start(self, mail_id: str) -> None:
        self.started.append(mail_id)

    @property
    def token(self) -> str:
        """Of the newest link that was mailed."""
        links = [one.contents.link for one in self.mails if isinstance(one.contents, MailFacts)]
        return str(links[-1].rpartition("/")[2])


@dataclass(frozen=True)
class ChangedMail:
    delivery_id: str
    state: str
    kind: str = "answer"


@pytest.fixture
def post(desk: Any, monkeypatch: pytest.MonkeyPatch) -> KeptPost:
    kept = KeptPost()
    sending = desk.portal.deliveries.sending
    monkeypatch.setattr(sending, "post", kept)
    monkeypatch.setattr(sending, "answer_mail", lambda facts: facts)
    monkeypatch.setattr(desk.portal.delivery_retention, "reminder_mail", lambda facts: facts)
    monkeypatch.setattr(desk.portal.recipient, "code_mail", lambda reference, code, minutes: (reference, code, minutes))
    return kept


@dataclass
class Given:
    """A case with an approved package, and what is done with it."""

    desk: Any
    case: str
    package: str
    email: str
    post: KeptPost

    @property
    def deliveries(self) -> Any:
        return self.desk.portal.deliveries

    @property
    def recipient(self) -> Any:
        return self.desk.portal.recipient

    def user(self, who: str = "sam") -> Any:
        return self.desk.user(who)

    def prepare(self, channel: CodeChannel | None = CodeChannel.PHONE, who: str = "sam", **more: Any) -> Any:
        given = {"way": DeliveryWay.LINK, "to": self.email, "to_again": self.email} | more
        return self.deliveries.prepare(self.user(who), self.case, self.package, channel=channel, **given)

    def sent(self, channel: CodeChannel = CodeChannel.PHONE) -> tuple[str, str, str]:
        """A link whose mail was accepted: the delivery's id, token, code."""
        who = "maya" if channel is CodeChannel.SAME_MAILBOX else "sam"
        made = self.prepare(channel, who)
        if channel is not CodeChannel.SAME_MAILBOX:
            self.deliveries.told(self.user(), self.case, made.delivery_id, channel)
        self.deliveries.send(self.user(), self.case, made.delivery_id)
        self.mail_becomes(made.delivery_id, "accepted")
        return made.delivery_id, self.post.token, made.code

    def mail_becomes(self, delivery_id: str, state: str) -> None:
        with self.desk.portal.db.write() as session:
            self.deliveries.mail_changed(session, ChangedMail(delivery_id, state))

    def opened(self) -> tuple[str, str, str]:
        """A page that was opened with the code: the delivery's id, token, cookie."""
        delivery, token, code = self.sent()
        return delivery, token, self.recipient.try_code(token, code, address=ADDRESS).cookie

    def view(self, delivery_id: str) -> DeliveryView:
        found = self.deliveries.state(self.user(), self.case).deliveries
        return cast(DeliveryView, next(one for one in found if one.id == delivery_id))

    def facts(self) -> list[str]:
        """The kinds of the case's facts since it was recognised first, oldest first."""
        with self.desk.portal.db.read() as session:
            kinds = [row.kind for row in rows_of(session, self.case)]
        return kinds[kinds.index("identity") + 1 :]

    def state(self) -> str:
        with self.desk.portal.db.read() as session:
            return session.get_one(Case, self.case).state


@pytest.fixture
def given(desk: Any, opened: Callable[..., str], post: KeptPost) -> Given:
    """A case about somebody of whom nothing is held, whose package is approved."""
    save_profile(desk)
    email = f"no.one.{secrets.token_hex(6)}@example.com"
    case = opened(email=email)
    collect(desk, case)
    decide_all(desk, case)
    recognise(desk, case)
    sam = desk.user("sam")
    built = desk.portal.packages.build(sam, case)
    desk.portal.packages.approve(sam, case, built.id, built.sha256)
    return Given(desk, case, built.id, email, post)


@pytest.fixture
def at(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Move a delivery's times back by so much: `at(delivery_id, days=15)`."""
    import datetime as dt

    from portal.storage.answering.delivery_tables import Delivery

    def moved(delivery_id: str, **back: float) -> None:
        by = dt.timedelta(**back)
        with desk.portal.db.write() as session:
            row = session.get_one(Delivery, delivery_id)
            for part, name in (
                (row, "created_at"), (row, "sent_at"), (row, "expires_at"), (row, "closes_at"),
                (row.code, "codes_open_at"), (row.code, "mail_codes_since"),
            ):  # fmt: skip
                value = getattr(part, name)
                if value is not None:
                    setattr(part, name, value - by)

    yield moved
