"""Audits refusals: by role, state or limit, for a missing proof, for another merchant's object.

`refusals_audited` wraps each public function of a service whose first parameter is `user`, or which takes the `address`
of a caller who is not signed in, so that none is forgotten. It records errors whose class has `refusal` set, unless the
function has recorded an entry itself. Another merchant's object and one that never existed give the same response
(SEC-41), and so the same entry. The number of entries a minute is limited (`refusal_rate`).
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.audit import PORTAL_CHAIN, AuditUnavailable, record
from portal.audit.chain import refusals_written
from portal.errors import NotFound, NotPermitted, PortalError
from portal.identity.refusal_rate import RefusalRate
from portal.identity.roles import User
from portal.log import log
from portal.storage.answering.delivery_tables import Breach, Delivery
from portal.storage.answering.package_tables import CasePackage
from portal.storage.answering.source_tables import SourcePage
from portal.storage.answering.system_tables import MerchantSystem, SystemFile
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.storage.tables import Account, CardRequest, Export

_ID = re.compile(r"[0-9a-f]{32}")
P = ParamSpec("P")
R = TypeVar("R")


class RefusalAudit:
    """Records refusals, each in a new transaction, since the refused act has rolled back its transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._members = RefusalRate(each=20, all_together=2_000)
        self._signed_out = RefusalRate(each=2, all_together=60)

    def record_member(self, user: User, act: str, refusal: PortalError, arguments: Iterable[object]) -> None:
        """Record that `act` was refused to a signed-in user. Ids among its arguments name the object."""
        ids = {value for value in arguments if isinstance(value, str) and _ID.fullmatch(value)}

        def write(session: Session) -> None:
            foreign = sorted(ids - _own(session, user.merchant_id, ids))
            common = {"origin": user.origin, "result": "refused"}
            thing = sorted(ids)[0] if ids else ""
            if isinstance(refusal, NotPermitted):
                record(session, user.merchant_id, user.account_id, "access:refused", object_id=thing, act=act, **common)
            elif isinstance(refusal, NotFound) and foreign:
                record(
                    session, user.merchant_id, user.account_id, "gate:foreign_object",
                    object_id=foreign[0], route=act, **common,
                )  # fmt: skip
            elif times := self._members.times((user.account_id, act, refusal.code)):
                record(
                    session, user.merchant_id, user.account_id, "act:refused", object_id=thing, act=act,
                    reason=refusal.code, times=times if times > 1 else None, **common,
                )  # fmt: skip

        self._write(act, write)

    def record_anonymous(self, act: str, refusal: PortalError, address: str) -> None:
        """Record in the portal's chain that `act` was refused to a caller who is not signed in."""
        times = self._signed_out.times((act, refusal.code, address))
        if times:
            self._record_signed_out("act:refused", address, times, act=act, reason=refusal.code)

    def record_request(self, *, address: str, place: str, status: int) -> None:
        """Record that the gate refused a request before any service was called."""
        times = self._signed_out.times(("gate", place, status, address))
        if times:
            self._record_signed_out("gate:refused", address, times, place=place, status=status)

    def _record_signed_out(self, action: str, address: str, times: int, **facts: Any) -> None:
        facts["times"] = times if times > 1 else None
        self._write(
            action,
            lambda session: record(
                session, PORTAL_CHAIN, "anonymous", action, origin=address, result="refused", **facts
            ),
        )  # fmt: skip

    def _write(self, act: str, write: Callable[[Session], object]) -> None:
        try:
            self._db.group_commit(write)
        except (AuditUnavailable, SQLAlchemyError) as error:  # the act stays refused
            log.error("audit.refusal_not_written", route=act, error_type=type(error).__name__)


class Audited(Protocol):
    """A service that records its refusals."""

    refusal_audit: RefusalAudit


S = TypeVar("S", bound=Audited)


def refusals_audited(service: type[S]) -> type[S]:
    """Class decorator: public functions with a `user` or an `address` record their refusals."""
    for name, act in list(vars(service).items()):
        if not name.startswith("_") and inspect.isfunction(act):
            parameters = list(inspect.signature(act).parameters)
            if parameters[1:2] == ["user"]:
                setattr(service, name, _for_members(act))
            elif "address" in parameters:
                setattr(service, name, _for_signed_out(act))
    return service


def _for_members(act: Callable[Concatenate[S, User, P], R]) -> Callable[Concatenate[S, User, P], R]:
    """Wrap `act(service, user, …)`; its refusals are recorded after its transaction has ended."""

    @functools.wraps(act)
    def audited(service: S, user: User, *args: P.args, **kwargs: P.kwargs) -> R:
        def refused(refusal: PortalError) -> None:
            service.refusal_audit.record_member(user, act.__name__, refusal, [*args, *kwargs.values()])

        return _run(lambda: act(service, user, *args, **kwargs), refused)

    return cast("Callable[Concatenate[S, User, P], R]", audited)


def _for_signed_out(act: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Wrap `act(service, …, address=…)` of a caller who is not signed in."""

    @functools.wraps(act)
    def audited(service: S, *args: P.args, **kwargs: P.kwargs) -> R:
        def refused(refusal: PortalError) -> None:
            service.refusal_audit.record_anonymous(act.__name__, refusal, str(kwargs.get("address", "")))

        return _run(lambda: act(service, *args, **kwargs), refused)

    return cast("Callable[Concatenate[S, P], R]", audited)


def _run(act: Callable[[], R], refused: Callable[[PortalError], None]) -> R:
    """Run the act. Of nested acts only the outermost records its refusal, and only if no entry was recorded within."""
    if refusals_written.get() is not None:
        return act()
    written: list[str] = []
    token = refusals_written.set(written)
    try:
        return act()
    except PortalError as refusal:
        if refusal.refusal and not written:
            refused(refusal)
        raise
    finally:
        refusals_written.reset(token)


def record_refused_sign_in(db: Session, account: Account | None, address: str, reason: str) -> None:
    """Record in the chain of the account's merchant; without an account, in the portal's."""
    record(
        db,
        account.merchant_id if account else PORTAL_CHAIN,
        "anonymous",
        "session:refused",
        object_id=account.id if account else "",
        origin=address,
        result="refused",
        reason=reason,
    )


def _own(session: Session, merchant_id: str, ids: set[str]) -> set[str]:
    if not ids:
        return set()
    tables = (
        Export, Account, Case, MerchantSystem, SystemFile, SourcePage, CasePackage, CardRequest, Delivery, Breach,
    )  # fmt: skip
    wanted = [select(table.id).where(table.merchant_id == merchant_id, table.id.in_(ids)) for table in tables]
    return {found for one in wanted for found in session.scalars(one)}
