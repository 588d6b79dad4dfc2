"""A copy is made twice: first to be searched for what it leaves out, then to be handed out. Nothing of it is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.orm import Session

from portal.errors import SealBroken
from portal.identity import User
from portal.storage.tables import Export
from portal.vault.files import FilePlace

if TYPE_CHECKING:
    from portal.preview import Preview

Make = Callable[[], Iterator[bytes]]


class LeavingOut(Protocol):
    """A file with places left out."""

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes, different in these places and nowhere else. Raises StateConflict."""

    def preview(self) -> Preview:
        """What it holds then: what every readable copy is made of."""

    def search(self, stream: str, made: Iterator[bytes], *, archive: bool) -> None:
        """Raises StateConflict where something that was left out still stands in a copy."""


class Copies(Protocol):
    """What is left out of the copies of an export's file (`portal.review.copying.copies`)."""

    def check_decided(self, session: Session, user: User, export_id: str) -> None:
        """Raises StateConflict while it is not decided about everybody who stands in the file."""

    def check(self, session: Session, user: User, row: Export) -> None:
        """Raises StateConflict when a second person has to approve first."""

    def of(self, row: Export, place: FilePlace, key: bytes, *, cards_in_full: bool) -> LeavingOut | None:
        """None: nothing is left out. Without `cards_in_full` of a card's number its last four are kept."""


def searched(make: Make, leaving_out: LeavingOut, stream: str, *, archive: bool) -> Iterator[bytes]:
    """What `make` makes, once it was searched whole; what is handed out is the same, byte for byte, or does not end."""
    digest = hashlib.sha256()

    def summed() -> Iterator[bytes]:
        for chunk in make():
            digest.update(chunk)
            yield chunk

    leaving_out.search(stream, summed(), archive=archive)
    return as_searched(make, digest.digest())


def as_searched(make: Make, wanted: bytes) -> Iterator[bytes]:
    """The last piece is held back until the whole was compared."""
    digest, held = hashlib.sha256(), b""
    for chunk in make():
        digest.update(chunk)
        if chunk:
            yield held
            held = chunk
    if digest.digest() != wanted:
        raise SealBroken(detail="a copy differs from the one that was searched")
    yield held
