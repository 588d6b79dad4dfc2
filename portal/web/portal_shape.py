"""What the web room needs of the running portal (`portal.runtime.Portal` has this shape)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from portal.config import Settings
from portal.identity import Identity, User
from portal.storage.engine import Database


class Download(Protocol):
    """A file on its way out; `size` in bytes when known."""

    @property
    def file_name(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def size(self) -> int | None: ...
    @property
    def chunks(self) -> Iterator[bytes]: ...


class Exports(Protocol):
    def open_file(self, user: User, export_id: str, kind: Any) -> Download: ...
    def register_csv(self, user: User) -> Download: ...


class Portal(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def db(self) -> Database: ...
    @property
    def identity(self) -> Identity: ...
    @property
    def exports(self) -> Exports: ...


PortalSource = Callable[[], Portal]
