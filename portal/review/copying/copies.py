"""Copies of a file with places left out: what a person decided, and what a card is spent with.

Made by splice from the sealed file each time one is handed out; readable forms are made from the bytes with the places
left out, never from the file and masked afterwards. Where the values stood is read from the file itself, and no copy
leaves in which one of them still stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from sqlalchemy.orm import Session

from portal.cases.services.ledger import CaseSeal
from portal.config import Settings
from portal.errors import StateConflict
from portal.identity import User
from portal.letters.words import letter_language
from portal.preview import Preview, PreviewError
from portal.preview.card_numbers import Held
from portal.preview.csv.reader import dialect_told
from portal.preview.decoding import unmarked_utf16
from portal.preview.model import WarningLog
from portal.redaction.csv_places import Form, csv_edits
from portal.redaction.json_places import json_edits
from portal.redaction.leaks import LeakSearch, Withheld, folded
from portal.redaction.marker_words import MarkerWords
from portal.redaction.places import Edit, Place, RedactionError, marker
from portal.redaction.reasons import Reason
from portal.redaction.splice import in_utf8
from portal.redaction.text_places import text_edits
from portal.redaction.withheld import withheld_values
from portal.review import ledger
from portal.review.copying.spliced import CardsOnly, Spliced
from portal.review.files import NotByPlace, Paths, ReviewFiles
from portal.review.found.cards import card_parts
from portal.review.kinds import FileOf, Written
from portal.review.ledger import File
from portal.review.left_out import LeftOut, union
from portal.review.listing import groups_of
from portal.review.opened import OpenedFile, Shelf
from portal.review.texts import as_spans
from portal.review.weighing import SecondPersonNeeded, why_second
from portal.storage.case_tables import Case
from portal.storage.engine import Database
from portal.vault import SealedFiles

_SAMPLE = 1 << 20


class Undecided(StateConflict):
    """A rule proposes, a person confirms: before that no copy is made, and nothing goes out. `of`: whose file;
    `groups`: how many wait, 0 where it is about the file as one."""

    code = "undecided"
    message = "It is not decided yet what is left out of this file, so no copy of it is made."
    next_step = "Decide it on the export's preview."

    def __init__(self, of: FileOf = FileOf.EXPORT, groups: int = 0) -> None:
        self.groups = groups
        in_case = None if of is FileOf.EXPORT else "Decide it under Review."
        super().__init__(next_step=in_case, detail=f"{of}: {groups} groups")


@dataclass
class RedactedCopies:
    """Makes the copies of files."""

    db: Database
    settings: Settings
    seal: CaseSeal
    sealed: SealedFiles
    files: ReviewFiles

    def check_decided(self, session: Session, user: User, shelf: Shelf, file_id: str) -> None:
        """Raises Undecided. Reads all of the file: not for a transaction that writes."""
        found = self.files.read(session, user, shelf, file_id, whole=True)
        rows = ledger.decisions_of(session, found.file)
        proposals = ledger.rules_of(session, user.merchant_id).proposals
        left = ledger.left_out(self.seal, rows)
        groups = groups_of(found, ledger.standing(rows), left, proposals, ())
        waiting = sum(one.choice is None for one in groups)
        if waiting:
            raise Undecided(found.file.kind, waiting)

    def check(self, session: Session, file: File) -> None:
        """Raises SecondPersonNeeded."""
        rows = ledger.decisions_of(session, file)
        wants = ledger.rules_of(session, file.merchant_id).second_person
        if why_second(ledger.standing(rows), merchant_wants=wants) and ledger.approval_of(session, file, rows) is None:
            raise SecondPersonNeeded

    def of(
        self, opened: OpenedFile, *, cards_in_full: bool, language: str = "", whole: Preview | None = None
    ) -> Spliced | CardsOnly | None:
        """Markers speak the `language` that was chosen, else that of the case, else English. `whole`: the file, where
        it is read already. Raises NotByPlace where a decision cannot be followed in this file."""
        with self.db.read() as session:
            language = letter_language(language, session.get_one(Case, opened.case_id).language)
            rows = ledger.decisions_of(session, opened.file)
            decided = ledger.left_out(self.seal, rows)
            same = ledger.same_text(self.seal, rows)
        if cards_in_full and not decided:
            return None
        whole = whole or self.whole(opened)
        try:
            cards = {} if cards_in_full else _cards_of(whole)
            places = union([*decided, *cards])
            kept = [number for number, one in enumerate(places, 1) if one.key in same]
            return self._spliced(opened, whole, places, cards, kept, language) if places else None
        except (RedactionError, NotByPlace) as error:
            if not decided:
                return CardsOnly(whole)
            raise NotByPlace(detail=str(error)) from None

    def check_by_place(self, opened: OpenedFile, whole: Preview) -> None:
        """Raises NotByPlace, RedactionError for a file in which single places cannot be exchanged."""
        given, _ = in_utf8(
            partial(opened.chunks, self.sealed), codec_of(whole.encoding, partial(opened.chunks, self.sealed))
        )
        edits_of(given, [], {}, opened.written, lines=whole.record_kind == "lines")

    def original(self, opened: OpenedFile) -> Iterator[bytes]:
        """The file as it came. Raises SealBroken."""
        return opened.chunks(self.sealed)

    def whole(self, opened: OpenedFile) -> Preview:
        try:
            return opened.whole(self.sealed, self.settings.root)
        except PreviewError as error:
            raise StateConflict(error.message, next_step="Download the original.", detail=error.detail) from None

    def _spliced(
        self,
        opened: OpenedFile,
        whole: Preview,
        places: Sequence[LeftOut],
        cards: Mapping[LeftOut, str],
        kept: Sequence[int],
        language: str,
    ) -> Spliced:
        given = partial(opened.chunks, self.sealed)
        utf8, encoding = in_utf8(given, codec_of(whole.encoding, given))
        words = MarkerWords(language, staff=max((one.who for one in places if one.reason is Reason.STAFF), default=0))
        said = {
            number: words.words(one.reason, one.grain, who=one.who, card=cards.get(one, ""))
            for number, one in enumerate(places, 1)
        }
        numbered = [Place(number, one.steps, one.reason, one.grain, one.span) for number, one in enumerate(places, 1)]
        plain = opened.written == "text"
        if plain:
            numbered = as_spans(whole, numbered, places)
        edits, quote = edits_of(utf8, numbered, said, opened.written, lines=whole.record_kind == "lines")
        values = withheld_values(utf8(), edits, numbered, quote=quote, plain=plain)
        full = {number: cards[one] for number, one in enumerate(places, 1) if one in cards}
        values = [replace(one, text=full.get(one.number, one.text)) for one in values]
        leaks = LeakSearch(_not_in_markers(values, said.values()), kept)
        return Spliced(
            utf8, encoding, tuple(edits), tuple(places), opened.written, opened.size_bytes, opened.charset,
            self.settings, leaks, language, MappingProxyType(said), tuple(numbered),
        )  # fmt: skip


def edits_of(
    opened: Callable[[], Iterable[bytes]],
    places: Sequence[Place],
    said: Mapping[int, str],
    format: Written,
    *,
    lines: bool,
) -> tuple[list[Edit], str]:
    """What to exchange in a file in UTF-8, and the quote of a CSV file. Raises RedactionError, NotByPlace."""
    width = len(str(max(said, default=1)))

    def words(place: Place) -> str:
        return marker(place.number, said[place.number], width=width)

    if format == "text":
        return text_edits(opened(), places, words), ""
    if format == "json":
        return json_edits(opened(), places, words, lines=lines), ""
    form, first_line = form_of(opened)
    return csv_edits(opened(), places, words, form, first_line=first_line), form.quote


def form_of(opened: Callable[[], Iterable[bytes]]) -> tuple[Form, int]:
    """How a CSV file in UTF-8 is written, and on which line its records begin. Raises NotByPlace."""
    sample = b""
    for chunk in opened():
        sample += chunk
        if len(sample) >= _SAMPLE:
            break
    text = sample.decode("utf-8", "ignore").removeprefix("\ufeff")
    dialect, _, first_line = dialect_told(text, WarningLog())
    if dialect.escape or dialect.wrapped or dialect.double_returns or len(dialect.delimiter.encode()) != 1:
        raise NotByPlace(detail="dialect")
    return Form(dialect.delimiter, dialect.quote, dialect.skip_space), first_line


def codec_of(shown: str, opened: Callable[[], Iterable[bytes]]) -> str:
    """The codec of an encoding as a preview calls it."""
    name = shown.lower()
    if name.startswith("utf-8"):
        return "utf-8"
    if name == "utf-16":
        return unmarked_utf16(next(iter(opened()), b"")) or "utf-16"
    return name.replace("windows-125", "cp125")


def _cards_of(preview: Preview) -> dict[LeftOut, str]:
    """What of the file a card is spent with, and each number in full."""
    paths = Paths(preview)
    found: dict[LeftOut, str] = {}
    for part in card_parts(preview):
        reason = Reason.CREDENTIAL if part.held is Held.CODE else Reason.BEARER_VALUE
        found[paths.left_out(part.cell, reason, part.span)] = part.number
    return found


def _not_in_markers(values: Iterable[Withheld], words: Iterable[str]) -> list[Withheld]:
    """But those that the markers themselves say: a cashier called "Staff"."""
    said = " ".join(dict.fromkeys(map(folded, words)))
    return [one for one in values if folded(one.text) not in said]
