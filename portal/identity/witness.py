"""Refusals leave their entry: whoever is refused by role, or asks for what is not their merchant's.

Every public function of a service whose first parameter is `user` is watched, so that none can be forgotten. An object
of another merchant and one that never was are the same answer (SEC-41) and so the same entry.
"""

from __future__ import annotations

import functools
import inspect
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.audit import AuditUnavailable, record
from portal.errors import NotFound, NotPermitted
from portal.identity.roles import User
from portal.log import log
from portal.storage.engine import Database
from portal.storage.tables import Account, Export

_ID = re.compile(r"[0-9a-f]{32}")
_depth = threading.local()
P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


class Witnessed:
    """Base of the services. Holds `db`."""

    db: Database

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, act in list(vars(cls).items()):
            if not name.startswith("_") and inspect.isfunction(act):
                first = list(inspect.signature(act).parameters)[1:2]
                if first == ["user"]:
                    setattr(cls, name, witnessed(act))


def witnessed(act: Callable[Concatenate[S, User, P], R]) -> Callable[Concatenate[S, User, P], R]:
    """`act(service, user, …)`, whose refusals are written down once it has let go of its transaction."""

    @functools.wraps(act)
    def watched(service: S, user: User, *args: P.args, **kwargs: P.kwargs) -> R:
        outermost = not getattr(_depth, "inside", False)
        _depth.inside = True
        try:
            return act(service, user, *args, **kwargs)
        except (NotPermitted, NotFound) as refusal:
            if outermost:
                _write_down(service.db, user, act.__name__, refusal, [*args, *kwargs.values()])  # type: ignore[attr-defined]
            raise
        finally:
            if outermost:
                _depth.inside = False

    return cast("Callable[Concatenate[S, User, P], R]", watched)


def _write_down(
    db: Database, user: User, act: str, refusal: NotPermitted | NotFound, arguments: Iterable[object]
) -> None:
    def write(session: Session) -> None:
        ids = {value for value in arguments if isinstance(value, str) and _ID.fullmatch(value)}
        foreign = sorted(ids - _own(session, user.merchant_id, ids))
        common = {"origin": user.origin, "result": "refused"}
        if isinstance(refusal, NotPermitted):
            thing = sorted(ids)[0] if ids else ""
            record(session, user.merchant_id, user.account_id, "access:refused", object_id=thing, act=act, **common)
        elif foreign:
            record(
                session, user.merchant_id, user.account_id, "gate:foreign_object",
                object_id=foreign[0], route=act, **common,
            )  # fmt: skip

    try:
        db.together(write)
    except (AuditUnavailable, SQLAlchemyError) as error:  # refused all the same
        log.error("audit.refusal_not_written", route=act, error_type=type(error).__name__)


def _own(session: Session, merchant_id: str, ids: set[str]) -> set[str]:
    if not ids:
        return set()
    exports = select(Export.id).where(Export.merchant_id == merchant_id, Export.id.in_(ids))
    accounts = select(Account.id).where(Account.merchant_id == merchant_id, Account.id.in_(ids))
    return {*session.scalars(exports), *session.scalars(accounts)}
