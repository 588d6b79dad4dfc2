"""What the recipient's page asks for: nobody is signed in, and without the right code nothing changes (DLV-1).

`page` and `files` only read. A code that is empty or malformed is not counted; what is counted is charged before it is
compared, in one transaction with its audit entry.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cases.services.ledger import hold_case
from portal.delivery import codes, proof
from portal.delivery.fetching import Fetched, Fetching, file_name_of
from portal.delivery.giving.sending import Sending
from portal.delivery.inside import Inside
from portal.delivery.kinds import LIVE, UNOPENED, CodeChannel, DeliveryState, agent_family
from portal.delivery.ledger import RECIPIENT, DeliverySeal, acting_for, move, note, revoke_links
from portal.delivery.limits import (
    ADDRESS,
    DOWNLOADS,
    HOUR,
    MAIL_CODE_LIVES,
    MAIL_CODE_TRIES,
    MAIL_CODES_AN_HOUR,
    VISIT,
    locks,
    wait_after,
)
from portal.delivery.tokens import is_token, new_token, token_sha256
from portal.delivery.views import CodePage, FilesPage, OpenedPage, PageKind
from portal.errors import PortalError, TryLater
from portal.identity import User
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.identity.throttle import charge, key_of, refund
from portal.storage.answering.delivery_tables import Delivery, DeliveryLink, DeliveryVisit
from portal.storage.answering.package_tables import PackageKey
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.tables import CasePackage, Merchant, utc_now

ORIGIN = "link"
"""Of what the person does: their address is no part of the proof (DLV-9)."""
UNKNOWN = CodePage(PageKind.UNKNOWN)


class NotACode(PortalError):
    """Empty, too short, or with characters that no code has: nothing is counted."""

    code = "not_a_code"
    message = "This is not a whole code."
    next_step = "Type it as you were told it."


class WrongCode(PortalError):
    refusal = True
    code = "wrong_code"
    message = "This is not the right code."
    next_step = "Compare it with what you were told."


class LinkEnded(PortalError):
    """There is no such link, or it opens nothing any more."""

    refusal = True
    code = "link_ended"
    message = "This link is not valid, or no longer."
    next_step = "Ask the shop that you wrote to."


class NotOpened(PortalError):
    """The page was not opened with the code, or too long ago."""

    refusal = True
    code = "not_opened"
    message = "Enter the code first."
    next_step = "Open the link again."


@refusals_audited
@dataclass
class Recipient:
    """Answers the person who has the link. `code_mail` makes the contents of a code's mail from reference and code."""

    db: Database
    refusal_audit: RefusalAudit
    seal: DeliverySeal
    sending: Sending
    fetching: Fetching
    inside: Inside
    code_mail: Callable[[str, str, int], object]
    checkpoint: Callable[[str], None]

    def page(self, token: str) -> CodePage:
        """What an address shows before a code."""
        with self.db.read() as session:
            found = _by_token(session, token)
            if found is None:
                return UNKNOWN
            row, link = found
            kind = PageKind.CODE if link.revoked_at is None and _live(row) else PageKind.ENDED
            if link.revoked_at is None and row.state == DeliveryState.LOCKED:
                kind = PageKind.LOCKED
            waits = row.code.codes_open_at is not None and row.code.codes_open_at > utc_now()
            return CodePage(
                kind, row.id, row.language, session.get_one(Merchant, row.merchant_id).name,
                self.sending.contact_of(session, row.merchant_id, row.language),
                weak=row.code.channel == CodeChannel.SAME_MAILBOX and not row.code.code_prf,
                code_mailed=_mail_code_holds(row), wait_until=row.code.codes_open_at if waits else None,
            )  # fmt: skip

    def try_code(self, token: str, code: str, *, address: str, agent: str = "") -> OpenedPage:
        """Open the page with a code. Raises LinkEnded, NotACode, TryLater, WrongCode."""
        with self.db.write() as session:
            row, user, case = self._held(session, token)
            told, mailed = codes.read_code(code), codes.read_mail_code(code)
            if (told if row.code.code_prf else mailed) is None:
                raise NotACode(detail=row.id)
            self._check_wait(row)
            key = key_of("answer-code", address)
            charge(session, {key: ADDRESS})
            if self._right(row, told or "", mailed or ""):
                refund(session, key)
                cookie = self._open(session, user, case, row, agent)
            else:
                cookie = ""
                self._wrong(session, user, row)
            delivery_id = row.id
        self.checkpoint("delivery.opened")
        if not cookie:
            raise WrongCode(detail=delivery_id)
        return OpenedPage(delivery_id, cookie)

    def send_code(self, token: str, *, address: str) -> None:
        """Mail a code to where the link went, where a manager chose that. Raises LinkEnded, TryLater, and what the post
        raises. `address` is the caller's."""
        with self.db.write() as session:
            row, user, case = self._held(session, token)
            if row.code.channel != CodeChannel.SAME_MAILBOX or row.code.code_prf:
                raise LinkEnded(detail=row.id)
            _count_mail_code(row)
            code = codes.new_mail_code()
            row.code.mail_code_prf = codes.prf(self.seal.code_key(row), row.id, "mailed", code)
            row.code.mail_code_until, row.code.mail_code_tries = utc_now() + MAIL_CODE_LIVES, 0
            minutes = int(MAIL_CODE_LIVES.total_seconds() // 60)
            mail = self.sending.post.queue(
                session, merchant_id=row.merchant_id, case_id=row.case_id, delivery_id=row.id,
                to=self.seal.address(row), language=row.language,
                contents=self.code_mail(f"{case.year}-{case.number:04}", code, minutes), by=RECIPIENT,
            )  # fmt: skip
            note(session, user, row, "delivery:code_mailed", count=row.code.mail_codes)
        self.sending.begin(mail)

    def files(self, token: str, cookie: str) -> FilesPage:
        """What can be fetched. Raises LinkEnded, NotOpened."""
        with self.db.read() as session:
            row = _visited(session, token, cookie)
            package = session.get_one(CasePackage, row.package_id)
            merchant = session.get_one(Merchant, row.merchant_id)
            key = session.get(PackageKey, (package.case_id, package.blob_name))
            page = FilesPage(
                row.id, row.language, merchant.name,
                self.sending.contact_of(session, row.merchant_id, row.language),
                file_name_of(session.get_one(Case, row.case_id)), package.size_bytes, package.sha256,
                package.file_count, max(0, DOWNLOADS - row.completed), row.closes_at or row.expires_at,
                merchant.time_zone or "UTC", open=_live(row) and package.destroyed_at is None,
            )  # fmt: skip
        if not page.open or key is None:
            return page
        return replace(page, members=self.inside.of(package, key.sealed_keyset))

    def fetch(self, token: str, cookie: str, start: int = 0, *, of: str = "", address: str) -> Fetched:
        """The sealed ZIP, verified before its first byte, from byte `start` on where a download of the same file (`of`,
        its SHA-256) broke there.

        Raises LinkEnded, NotOpened, TryLater while two run, StateConflict for a destroyed one, SealBroken.
        """
        with self.db.write() as session:
            row = _visited(session, token, cookie)
            if not _live(row):
                raise LinkEnded(detail=row.id)
            user = acting_for(session, row.merchant_id, RECIPIENT, ORIGIN)
            case = hold_case(session, user, row.case_id)
            session.refresh(row)
            begins = start if of in ("", row.sha256) else 0
            begun = self.fetching.begin(session, user, case, row, token_sha256(cookie), begins)
        return self.fetching.verified(begun)

    def not_mine(self, token: str, cookie: str, *, address: str) -> None:
        """Who opened it is somebody else: the link ends, and the facts of a breach are opened (DLV-11)."""
        with self.db.write() as session:
            row = _visited(session, token, cookie)
            user = acting_for(session, row.merchant_id, RECIPIENT, ORIGIN)
            case = hold_case(session, user, row.case_id)
            session.refresh(row)
            move(row, DeliveryState.REVOKED)
            revoke_links(session, row)
            note(session, user, row, "delivery:not_theirs", fetched=row.completed)
            proof.record_not_theirs(session, user, case, row)
        self.checkpoint("delivery.not_theirs")

    # -------------------------------------------------------------------------------------------

    def _held(self, session: Session, token: str) -> tuple[Delivery, User, Case]:
        """The delivery whose page asks for a code, with its case held."""
        found = _by_token(session, token)
        if found is None:
            raise LinkEnded(detail="unknown")
        row, link = found
        user = acting_for(session, row.merchant_id, RECIPIENT, ORIGIN)
        case = hold_case(session, user, row.case_id)
        session.refresh(row)
        session.refresh(link)
        if link.revoked_at is not None or not _live(row):
            raise LinkEnded(detail=row.id)
        return row, user, case

    def _check_wait(self, row: Delivery) -> None:
        if row.code.codes_open_at is not None and row.code.codes_open_at > utc_now():
            raise TryLater(wait_seconds=(row.code.codes_open_at - utc_now()).total_seconds(), detail=row.id)

    def _right(self, row: Delivery, told: str, mailed: str) -> bool:
        key = self.seal.code_key(row)
        if row.code.code_prf:
            return codes.same(codes.prf(key, row.id, "told", told), row.code.code_prf)
        row.code.mail_code_tries += 1
        right = codes.same(codes.prf(key, row.id, "mailed", mailed), row.code.mail_code_prf)
        return right and _mail_code_holds(row)

    def _open(self, session: Session, user: User, case: Case, row: Delivery, agent: str) -> str:
        cookie, now, family = new_token(), utc_now(), agent_family(agent)
        session.add(
            DeliveryVisit(
                cookie_sha256=token_sha256(cookie), delivery_id=row.id, merchant_id=row.merchant_id,
                agent=family.value, expires_at=now + VISIT,
            )
        )  # fmt: skip
        row.code.wrong_codes, row.code.codes_open_at, row.code.mail_code_prf = 0, None, ""
        first = DeliveryState(row.state) in UNOPENED
        if first:
            move(row, DeliveryState.OPENED)
            row.opened_at = row.opened_at or now
        note(session, user, row, "delivery:opened", agent=family.value, sha256=row.sha256)
        if first:
            proof.record_opened(session, user, case, row)
        return cookie

    def _wrong(self, session: Session, user: User, row: Delivery) -> None:
        row.code.wrong_codes += 1
        wait = wait_after(row.code.wrong_codes)
        row.code.codes_open_at = utc_now() + wait if wait else None
        note(session, user, row, "delivery:wrong_code", count=row.code.wrong_codes)
        if locks(row.code.wrong_codes):
            move(row, DeliveryState.LOCKED)
            row.code.locked_at = utc_now()
            note(session, user, row, "delivery:locked")


def _by_token(session: Session, token: str) -> tuple[Delivery, DeliveryLink] | None:
    if not is_token(token):
        return None
    found = session.execute(
        select(Delivery, DeliveryLink)
        .join(DeliveryLink, DeliveryLink.delivery_id == Delivery.id)
        .where(DeliveryLink.token_sha256 == token_sha256(token))
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def _live(row: Delivery) -> bool:
    """Does it open anything now, whatever housekeeping has not seen to yet?"""
    now = utc_now()
    ended = (row.expires_at if row.completed_at is None else row.closes_at) or now
    return DeliveryState(row.state) in LIVE and ended > now


def _visited(session: Session, token: str, cookie: str) -> Delivery:
    """The delivery that this browser opened with the code. Raises LinkEnded, NotOpened."""
    found = _by_token(session, token)
    if found is None or found[1].revoked_at is not None:
        raise LinkEnded(detail=found[0].id if found else "unknown")
    visit = session.get(DeliveryVisit, token_sha256(cookie)) if is_token(cookie) else None
    if visit is None or visit.delivery_id != found[0].id or visit.expires_at <= utc_now():
        raise NotOpened(detail=found[0].id)
    return found[0]


def _mail_code_holds(row: Delivery) -> bool:
    code = row.code
    until: dt.datetime | None = code.mail_code_until
    in_time = until is not None and until > utc_now()
    return bool(code.mail_code_prf) and in_time and code.mail_code_tries <= MAIL_CODE_TRIES


def _count_mail_code(row: Delivery) -> None:
    """Raises TryLater after three an hour (DLV-4)."""
    now = utc_now()
    if row.code.mail_codes_since is None or now - row.code.mail_codes_since >= HOUR:
        row.code.mail_codes, row.code.mail_codes_since = 0, now
    if row.code.mail_codes >= MAIL_CODES_AN_HOUR:
        raise TryLater(wait_seconds=(row.code.mail_codes_since + HOUR - now).total_seconds(), detail=row.id)
    row.code.mail_codes += 1
