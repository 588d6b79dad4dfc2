"""Protocols of what `portal.web` uses of the running portal (`portal.composition.Portal` satisfies them)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from portal.config import Settings
from portal.exports.core.download import DocumentKind, FileKind
from portal.identity import User
from portal.identity.factors.single_sign_on import SingleSignOn
from portal.identity.languages import Languages
from portal.identity.refusal_audit import RefusalAudit
from portal.identity.sessions import Sessions
from portal.identity.tickets import Tickets
from portal.storage.engine import Database
from portal.vault import MasterKey, SealedFiles


class Download(Protocol):
    """A file to be sent; `size` in bytes when known."""

    @property
    def file_name(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def size(self) -> int | None: ...
    @property
    def chunks(self) -> Iterator[bytes]: ...


class Files(Protocol):
    def open_file(self, user: User, export_id: str, kind: FileKind) -> Download: ...


class Register(Protocol):
    def register_csv(self, user: User, wanted: Any = ...) -> Download: ...
    def register_xlsx(self, user: User, wanted: Any = ...) -> Download: ...
    def expiries_ics(self, user: User) -> Download: ...


class CaseCalendar(Protocol):
    def by_token(self, token: str) -> bytes: ...


class Trail(Protocol):
    def export_trail(self, user: User) -> Download: ...


class Evidence(Protocol):
    def document(self, user: User, about: Any, kind: DocumentKind = ...) -> Download: ...


class PersonRecords(Protocol):
    def about_person(
        self, user: User, export_id: str = ..., *, person: str = ..., kind: DocumentKind = ...
    ) -> Download: ...


class Portal(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def db(self) -> Database: ...
    @property
    def master(self) -> MasterKey: ...
    @property
    def sealed(self) -> SealedFiles: ...
    @property
    def refusal_audit(self) -> RefusalAudit: ...
    @property
    def languages(self) -> Languages: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def tickets(self) -> Tickets: ...
    @property
    def single_sign_on(self) -> SingleSignOn: ...
    @property
    def files(self) -> Files: ...
    @property
    def register(self) -> Register: ...
    @property
    def case_calendar(self) -> CaseCalendar: ...
    @property
    def trail(self) -> Trail: ...
    @property
    def evidence(self) -> Evidence: ...
    @property
    def person_records(self) -> PersonRecords: ...


PortalSource = Callable[[], Portal]
