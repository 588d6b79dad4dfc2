"""Is a file data, or an answer about data: that nothing is held, that the export is not ready, that it failed?"""

import enum
from typing import Final

from portal.preview import words
from portal.preview.cells import Bare, Cell, Gap
from portal.preview.inspection.owners import WRAPPERS
from portal.preview.inspection.people import PeopleRecords
from portal.preview.model import Preview, Table

_TROUBLE: Final = frozenset(
    """error errors detail details message messages reason problem problems fault faults exception exceptions failure
    fehler fehlermeldung erreur erreurs errore errori fout fouten hint""".split()
)
_ERRORS: Final = frozenset(
    "error errors fault faults exception exceptions failure fehler erreur erreurs errore errori fout fouten".split()
)
_STATE: Final = frozenset("state status phase stage result outcome zustand estado statut etat stato".split())
_DONE: Final = frozenset(
    """ok okay success successful succeeded complete completed done ready finished available true 200 active
    fertig bereit listo termine pronto gereed""".split()
)
_WAITING: Final = frozenset(
    """pending processing queued running waiting started starting scheduled preparing inprogress in_progress
    in-progress progress created accepted generating building error failed failure expired cancelled canceled aborted
    rejected timeout incomplete partial new not_ready notready""".split()
)
_ENVELOPE: Final = (
    frozenset(
        """export request response job task report success successful ok status code state version schema format
        language
    locale generator generated creator created requested started finished completed expires expiry expired issued
    valid at on date time datetime timestamp id ids uuid ref reference trace correlation span transaction tx type kind
    api meta metadata envelope page pages pagination size limit offset next previous prev first last has more cursor
    total count counts number of results took ms duration elapsed url href link links self rel download file filename
    merchant program programme tenant customer client subject email mail requester for by from to until since range
    period progress percent warnings warning notice info message messages error errors detail details reason currency
    timezone tz headers statuscode body encoded is base64 empty found data cached source name""".split()
    )
    | WRAPPERS
)
_COUNTS: Final = frozenset("total count counts number size results found rows records items".split())


class Answer(enum.Enum):
    DATA = enum.auto()
    NOTHING = enum.auto()
    """An empty list, object or null where data would stand, and else an envelope."""
    FAILED = enum.auto()
    """An error, or an export that is not ready."""
    UNCLEAR = enum.auto()
    """No data, and nothing that says so."""


def answer_in(preview: Preview, found: PeopleRecords) -> Answer:
    """What kind of answer the file is. Data, unless it is small and holds nothing but an envelope."""
    if preview.format == "csv":
        if preview.row_count == 0:
            return Answer.NOTHING if preview.tables else Answer.UNCLEAR
        return Answer.DATA if _says_anything(preview) else Answer.UNCLEAR
    if any(_names_errors(table) and table.row_count for table in preview.tables):
        return Answer.FAILED
    if any(table.row_count > 1 for table in preview.tables):
        return Answer.DATA if _says_anything(preview) else Answer.UNCLEAR
    cells = [
        (table.name, column, cell)
        for table in preview.tables
        for _, row in table.iterate()
        for column, cell in zip(table.columns, row, strict=True)
        if column not in table.link_columns
    ]
    empty = any(_is_empty(cell) for _, _, cell in cells) or not cells
    filled = [(table, column, cell) for table, column, cell in cells if isinstance(cell, str) and not _is_empty(cell)]
    if any(_is_trouble(table, column, cell) for table, column, cell in filled):
        return Answer.FAILED
    envelope = all(_is_envelope(table, column, str(cell)) for table, column, cell in filled)
    if envelope and any(_waits(column, str(cell)) for _, column, cell in filled):
        return Answer.FAILED
    if empty and envelope and all(_may_hold_nothing(table) for table in preview.tables):
        return Answer.NOTHING
    return Answer.DATA if filled else Answer.UNCLEAR


def _names_errors(table: Table) -> bool:
    """A list or object of errors at the root of the file, or in what wraps it."""
    steps = [step for step in table.name.removesuffix("[]").split(".") if not set(words.words(step)) <= WRAPPERS]
    return (
        len(steps) == 1
        and set(words.words(steps[0])) <= _ERRORS | _TROUBLE
        and bool(set(words.words(steps[0])) & _ERRORS)
    )


def _says_anything(preview: Preview) -> bool:
    return any(
        isinstance(cell, str) and bool(cell) and not _is_empty(cell)
        for table in preview.tables
        for _row, row in table.iterate()
        for cell in row
    )


def _is_empty(cell: Cell) -> bool:
    return cell is Gap.NULL or (type(cell) is Bare and cell in ("[]", "{}"))


def _is_trouble(table: str, column: str, cell: Cell) -> bool:
    """A text about an error, in the root of a file or in what wraps it: not a message of a card."""
    if not _is_wrapper(table) or not isinstance(cell, str) or not cell or cell in ("0", "false"):
        return False
    return bool(set(words.words(column.rsplit(".", 1)[-1])) & _TROUBLE or words.meaning(column) & _TROUBLE)


def _is_wrapper(table: str) -> bool:
    return table == "file" or set(words.words(table)) <= WRAPPERS | _ENVELOPE | _ERRORS


def _may_hold_nothing(table: Table) -> bool:
    """An object that wraps, or one of which nothing is filled: `customer: {"id": null}`."""
    return table.name == "file" or (
        not table.name.endswith("[]")
        and (
            set(words.words(table.name)) <= WRAPPERS | _ENVELOPE - _PEOPLE
            or all(_is_empty(cell) or not isinstance(cell, str) for row in table.rows() for cell in row)
        )
    )


_PEOPLE: Final = frozenset({"customer", "client", "subject"})


def _is_envelope(table: str, column: str, text: str) -> bool:
    names = set(words.words(column))
    if not names <= _ENVELOPE:
        return False
    if names & _COUNTS and not names & {"page", "pages", "size", "version"}:
        return text in ("0", "")
    if names == {"body"} or names == {"data"} or names == {"response", "body"}:
        return not text
    return True


def _waits(column: str, text: str) -> bool:
    last = set(words.words(column.rsplit(".", 1)[-1]))
    if last & {"success", "successful", "ok"} and text.lower() in ("false", "no", "0"):
        return True
    if last & {"ready", "complete", "completed", "done", "finished"} and text.lower() in ("false", "no", "0"):
        return True
    if not last & _STATE:
        return False
    plain = text.strip().lower()
    if plain.isdigit():
        return not 200 <= int(plain[:4]) < 300 or plain == "202"
    return plain in _WAITING or plain not in _DONE
