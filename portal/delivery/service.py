"""A case's deliveries as colleagues see to them: prepare, tell the code, send, make anew, take back, record.

What goes out is a package by its id and SHA-256 (N5). The link and the code go by two ways: a link is made only once
it is recorded by what other way the code was told, and never where both would go to one address (DLV-3).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.cases.services.ledger import CaseSeal, hold_case, own_case
from portal.config import Settings
from portal.delivery import codes, proof
from portal.delivery.giving.elsewhere import tell_addresses_on_file
from portal.delivery.giving.needs import check_recognised, known_addresses, needs_of, version_to_give
from portal.delivery.giving.preparing import Wish, prepared_row
from portal.delivery.giving.sending import Sending, check_code_told, check_proved_again, follow_mail
from portal.delivery.giving.waiting import breach_views, open_tasks, settle_breach
from portal.delivery.kinds import LIVE, WITH_LINK, BreachState, CodeChannel, DeliveryState, DeliveryWay
from portal.delivery.ledger import (
    NOT_NOW,
    DeliverySeal,
    end_visits,
    linked,
    move,
    names_of,
    note,
    own_delivery,
    revoke_links,
    rows_of_case,
    view_of,
    waits_for_second,
)
from portal.delivery.limits import FEWEST_DAYS, MOST_DAYS, USUAL_DAYS
from portal.delivery.posting import ChangedMail
from portal.delivery.views import BreachView, DeliveriesState, DeliveryTask, Prepared
from portal.errors import InputError, NotPermitted, StateConflict
from portal.identifiers import same_email
from portal.identity import Permission, User, allows, require, require_fresh_proof
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.package.versions.service import CasePackages
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.tables import utc_now

BEFORE_IT_IS_SENT = frozenset({DeliveryState.PREPARED, DeliveryState.CODE_TOLD})
CODE_MAY_BE_TOLD = LIVE - {DeliveryState.COMPLETED}


@refusals_audited
@dataclass
class Deliveries:
    """Gives a merchant's packages out."""

    db: Database
    refusal_audit: RefusalAudit
    settings: Settings
    seal: DeliverySeal
    case_seal: CaseSeal
    packages: CasePackages
    sending: Sending
    checkpoint: Callable[[str], None]

    def state(self, user: User, case_id: str) -> DeliveriesState:
        """The deliveries, and what a new one waits for. Raises NotFound."""
        require(user, Permission.CASE_LIST)
        version = version_to_give(self.packages.state(user, case_id))
        with self.db.read() as session:
            case = own_case(session, user, case_id)
            needs = needs_of(session, case, version)
            rows = rows_of_case(session, case_id)
            names, links = names_of(session, rows), linked(session, (row.id for row in rows))
            views = tuple(view_of(row, self.seal, names, user, has_link=row.id in links) for row in rows)
            works = allows(user.role, Permission.CASE_WORK) and allows(user.role, Permission.EXPORT_OPEN)
            return DeliveriesState(
                deliveries=views,
                needs=needs,
                package_id=version.id if version is not None else "",
                addresses=known_addresses(session, self.case_seal, case_id) if works else (),
                mail_ready=self.sending.post.ready,
                may_prepare=works and not needs,
                may_weak=allows(user.role, Permission.CASE_DECIDE),
            )

    def prepare(
        self, user: User, case_id: str, package_id: str, way: DeliveryWay, *, to: str = "", to_again: str = "",
        known_address: str = "", channel: CodeChannel | None = None, days: int = USUAL_DAYS, remind: bool = True,
    ) -> Prepared:  # fmt: skip
        """Make a delivery with a link, and its code, told this once.

        `known_address` is the id of one the case knows; any other is typed twice, and looked at by a second person.
        Raises NotFound, NotPermitted, StepUpNeeded, StateConflict for another version than the approved newest and
        while the person is not recognised, InputError.
        """
        self._check(user)
        wish = Wish(DeliveryWay(way), to, to_again, known_address, channel, days, remind)
        if not WITH_LINK[wish.way]:
            raise InputError("This way has no link: record it once it was handed over.", field="way")
        if channel is CodeChannel.SAME_MAILBOX:
            require(user, Permission.CASE_DECIDE)
        if not FEWEST_DAYS <= days <= MOST_DAYS:
            raise InputError(f"A link holds for {FEWEST_DAYS} to {MOST_DAYS} days.", field="days")
        version = version_to_give(self.packages.state(user, case_id))
        with self._holding(user, case_id) as (session, case):
            needs = needs_of(session, case, version)
            if needs or version is None:
                raise StateConflict(needs[0].words, next_step=needs[0].next_step, detail=needs[0].code)
            if version.id != package_id:
                raise StateConflict("There is a newer version.", next_step="Look at it.", detail="package")
            row, code = prepared_row(session, user, case, version, wish, self.seal, self.case_seal)
            check_recognised(session, row)
            note(
                session, user, row, "delivery:prepare",
                package=row.package_id, way=row.way, channel=row.code.channel, days=days,
                address=row.mailing.address_from,
            )  # fmt: skip
            return Prepared(row.id, codes.shown(code) if code else "")

    def address(self, user: User, case_id: str, delivery_id: str) -> str:
        """The whole address, to be compared; an audited look."""
        self._check(user)
        with self.db.write() as session:
            row = own_delivery(session, user, case_id, delivery_id)
            note(session, user, row, "delivery:reveal")
            return self.seal.address(row)

    def confirm_address(self, user: User, case_id: str, delivery_id: str) -> None:
        """A second person has compared the address with what the person who asked wrote (LAW-15)."""
        self._check(user)
        with self._holding(user, case_id) as (session, _case):
            row = own_delivery(session, user, case_id, delivery_id)
            if not waits_for_second(row) or DeliveryState(row.state) not in BEFORE_IT_IS_SENT:
                raise StateConflict(NOT_NOW, next_step="Look at it again.", detail="address")
            if row.created_by == user.account_id:
                raise NotPermitted(
                    "Another person than the one who typed it looks at it.", next_step="Ask a colleague."
                )
            row.mailing.address_confirmed_by = user.account_id
            note(session, user, row, "delivery:confirm_address")

    def told(self, user: User, case_id: str, delivery_id: str, channel: CodeChannel, *, code_to: str = "") -> None:
        """The code was told, this way. `code_to`: the second mailbox, which is compared and not kept.

        Raises InputError for the link's own address or mailbox, StateConflict for a delivery without such a code.
        """
        require(user, Permission.CASE_WORK)
        with self._holding(user, case_id) as (session, _case):
            row = own_delivery(session, user, case_id, delivery_id)
            if not row.code.code_prf or DeliveryState(row.state) not in CODE_MAY_BE_TOLD:
                raise StateConflict(NOT_NOW, next_step="Look at it again.", detail=f"told: {row.state}")
            if channel is CodeChannel.SAME_MAILBOX:
                raise InputError("Tell the code by another way than the link.", field="channel")
            if channel is CodeChannel.SECOND_EMAIL:
                _other_mailbox(code_to, self.seal.address(row))
            row.code.channel, row.code.code_told_at = channel.value, utc_now()
            if row.state == DeliveryState.PREPARED:
                move(row, DeliveryState.CODE_TOLD)
            note(session, user, row, "delivery:code_told", channel=channel.value)

    def send(self, user: User, case_id: str, delivery_id: str) -> str:
        """Make the link. `LINK`: its mail is queued, and nothing is given back. `SCREEN`: the link, shown this once.

        Raises StateConflict while the code is not told or the address not looked at, for an outdated package and a
        link that is there; what the post raises.
        """
        self._check(user)
        version = version_to_give(self.packages.state(user, case_id))
        with self._holding(user, case_id) as (session, case):
            row = own_delivery(session, user, case_id, delivery_id)
            check_code_told(session, row)
            check_recognised(session, row)
            if version is None or version.id != row.package_id:
                raise StateConflict("This version cannot go out.", next_step="Prepare it anew.", detail="package")
            link, mail = self.sending.send(session, user, case, row)
            notices = tell_addresses_on_file(session, self.sending, self.case_seal, case, row, user.account_id)
            note(session, user, row, "delivery:send", way=row.way, sha256=row.sha256)
        self.checkpoint("delivery.queued")
        self.sending.begin(mail, *notices)
        return link

    def new_code(self, user: User, case_id: str, delivery_id: str) -> str:
        """Another code for the same link, told this once; open pages end. One that is locked needs the person to have
        been recognised again since."""
        self._check(user)
        with self._holding(user, case_id) as (session, case):
            row = own_delivery(session, user, case_id, delivery_id)
            if not row.code.code_prf or DeliveryState(row.state) not in CODE_MAY_BE_TOLD | {DeliveryState.LOCKED}:
                raise StateConflict(NOT_NOW, next_step="Look at it again.", detail=f"new code: {row.state}")
            if row.state == DeliveryState.LOCKED:
                check_proved_again(session, case, row)
                move(row, DeliveryState.SENT)
            code = codes.new_code()
            row.code.code_prf = codes.prf(self.seal.code_key(row), row.id, "told", code)
            row.code.wrong_codes = 0
            row.code.codes_open_at = row.code.locked_at = row.code.code_told_at = None
            end_visits(session, row)
            note(session, user, row, "delivery:new_code")
            return codes.shown(code)

    def new_link(self, user: User, case_id: str, delivery_id: str) -> str:
        """Another address for the same bytes; the one before is dead. One whose time was over holds again."""
        self._check(user)
        with self._holding(user, case_id) as (session, case):
            row = own_delivery(session, user, case_id, delivery_id)
            check_recognised(session, row)
            link, mail = self.sending.send_again(session, user, case, row)
            note(session, user, row, "delivery:new_link", sha256=row.sha256)
        self.sending.begin(mail)
        return link

    def take_back(self, user: User, case_id: str, delivery_id: str) -> None:
        """The link and open pages die at once. Before it was opened the answer counts as never given."""
        require(user, Permission.CASE_WORK)
        with self._holding(user, case_id) as (session, case):
            row = own_delivery(session, user, case_id, delivery_id)
            move(row, DeliveryState.REVOKED)
            row.revoked_by = user.account_id
            revoke_links(session, row)
            note(session, user, row, "delivery:take_back", opened="yes" if row.opened_at else "no")
            if row.opened_at is None:
                proof.record_bounced(session, user, case, row, by_itself=False)

    def record(self, user: User, case_id: str, package_id: str, way: DeliveryWay) -> str:
        """It was handed over: on paper, as an attachment, elsewhere. Gives the delivery's id. Raises as `prepare`."""
        self._check(user)
        wish = Wish(DeliveryWay(way))
        if WITH_LINK[wish.way]:
            raise InputError("This way has a link: prepare it.", field="way")
        version = version_to_give(self.packages.state(user, case_id))
        with self._holding(user, case_id) as (session, case):
            needs = needs_of(session, case, version)
            if needs or version is None or version.id != package_id:
                first = needs[0].words if needs else "There is a newer version."
                raise StateConflict(first, next_step="Look at the newest version.", detail="package")
            row, _code = prepared_row(session, user, case, version, wish, self.seal, self.case_seal)
            move(row, DeliveryState.SENT)
            row.sent_at = utc_now()
            note(session, user, row, "delivery:record", package=row.package_id, way=row.way, sha256=row.sha256)
            proof.record_answered(session, user, case, row, by_itself=False)
            proof.keep_package(session, row, row.sent_at)
            return row.id

    def mail_changed(self, session: Session, mail: ChangedMail) -> None:
        """In the transaction that changes the mail: accepted, it is the answer; bounced, it was none."""
        follow_mail(session, mail)

    def open_tasks(self, user: User) -> tuple[DeliveryTask, ...]:
        """What the merchant's deliveries wait for, oldest first."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            return open_tasks(session, user.merchant_id)

    def open_breaches(self, user: User) -> tuple[BreachView, ...]:
        """Those that nobody has settled, the most pressing first."""
        require(user, Permission.CASE_LIST)
        with self.db.read() as session:
            return breach_views(session, user.merchant_id)

    def settle_breach(self, user: User, case_id: str, breach_id: str, outcome: BreachState) -> None:
        """A manager records that it was reported, or that it need not be (Art. 33(1) GDPR)."""
        require(user, Permission.CASE_DECIDE)
        with self._holding(user, case_id) as (session, _case):
            settle_breach(session, user, case_id, breach_id, BreachState(outcome))

    # -------------------------------------------------------------------------------------------

    def _check(self, user: User) -> None:
        require(user, Permission.CASE_WORK)
        require(user, Permission.EXPORT_OPEN)
        require_fresh_proof(user, self.settings)

    @contextlib.contextmanager
    def _holding(self, user: User, case_id: str) -> Iterator[tuple[Session, Case]]:
        with self.db.write() as session:
            yield session, hold_case(session, user, case_id)


def _other_mailbox(code_to: str, link_to: str) -> None:
    if "@" not in code_to:
        raise InputError("Enter the second address.", field="code_to")
    if same_email(code_to, link_to):
        raise InputError("The code must not go where the link goes.", field="code_to")
