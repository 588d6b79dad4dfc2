"""What was left out of an export's file, told to the person who gets the copy: the page and `withheld.json` (RED-3)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from portal.cases.clock.applicable import laws_of
from portal.exports.core.base import own_row
from portal.exports.core.download import DocumentKind, Download, FileKind, whole
from portal.exports.files.openable import check_released, file_stem
from portal.identity import Permission, User, require
from portal.identity.refusal_audit import RefusalAudit, refusals_audited
from portal.language import ENGLISH, catalogue_of
from portal.letters.words import remedies
from portal.redaction.left_out_list import LeftOutLine, LeftOutList, Places, left_out_json
from portal.redaction.left_out_page import left_out_page
from portal.review.copying.copies import RedactedCopies
from portal.review.copying.spliced import CardsOnly, Spliced
from portal.review.files import NotByPlace
from portal.review.shelves.exports import ExportShelf
from portal.review.texts import lines_at
from portal.storage.case_tables import Case
from portal.storage.engine import Database

STREAM = "what was left out"


@refusals_audited
@dataclass
class LeftOutLists:
    """Gives the list that belongs to the copy as it would be made now: a line for each marker in it."""

    db: Database
    refusal_audit: RefusalAudit
    shelf: ExportShelf
    copies: RedactedCopies

    def document(self, user: User, export_id: str, kind: DocumentKind = DocumentKind.HTML) -> Download:
        """In the language of the case, else in English; audited.

        Raises as `Files.open_file` does for a copy, NotByPlace for a file without markers, StillThere when a name that
        the list says holds something that was left out.
        """
        require(user, Permission.EXPORT_OPEN)
        with self.db.read() as session:
            self.shelf.file(session, user, export_id)
            check_released(own_row(session, user, export_id))
            self.copies.check_decided(session, user, self.shelf, export_id)
        with self.db.write() as session:
            opened = self.shelf.opened(session, user, export_id)
            self.copies.check(session, opened.file)
            in_full = self.shelf.cards_in_full(session, user, export_id)
            case = session.get_one(Case, opened.case_id)
            laws = tuple(law.regime for law in laws_of(case.profile, case.calendar))
            stem = file_stem(own_row(session, user, export_id))
        leaving_out = self.copies.of(opened, cards_in_full=in_full)
        if isinstance(leaving_out, CardsOnly):
            raise NotByPlace(detail="list")
        language = leaving_out.language if leaving_out else ENGLISH
        said = tuple(catalogue_of(language).text(one) for one in remedies(laws))
        name = f"{stem}-{FileKind.REDACTED}.{opened.written}"
        told = LeftOutList(name, language, lines_of(leaving_out) if leaving_out else (), said)
        data = left_out_page(told) if kind is DocumentKind.HTML else left_out_json(told)
        with self.db.write() as session:
            self.shelf.file(session, user, export_id)
            self.shelf.record(
                session, user, export_id, "review:list", kind=kind.value, places=len(told.lines), bytes=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
            )  # fmt: skip
        return whole(f"{stem}-left-out.{kind.value}", kind.media_type, data)


def lines_of(leaving_out: Spliced) -> tuple[LeftOutLine, ...]:
    """The lines of the list of a copy. Raises StillThere."""
    places = told_places(leaving_out)
    names = "\n".join(sorted(places.names())).encode("utf-8", "replace")
    leaving_out.search(STREAM, iter([names]), archive=False)
    return places.lines(leaving_out.language)


def told_places(leaving_out: Spliced) -> Places:
    """The places of a copy as a list tells them."""
    numbered = dict(enumerate(leaving_out.places, 1))
    csv = leaving_out.format == "csv"
    return Places(
        leaving_out.numbered,
        leaving_out.said,
        csv,
        {number: one.cell.column for number, one in numbered.items()} if csv else {},
        {number: one.section for number, one in numbered.items() if one.section},
        _text_lines(leaving_out) if leaving_out.format == "text" else {},
    )


def _text_lines(leaving_out: Spliced) -> dict[int, int]:
    text = b"".join(leaving_out.opened()).decode().removeprefix("\ufeff")
    starts = [place.span[0] if place.span else 0 for place in leaving_out.numbered]
    return dict(zip((place.number for place in leaving_out.numbered), lines_at(text, starts), strict=True))
