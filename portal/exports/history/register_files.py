"""The register: all exports as CSV, as a workbook, and their expiries as a calendar. No personal data (SEC-20)."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator

from portal.cases.ical import calendar_file, instant
from portal.exports.core.views import ExportPage, ExportView
from portal.exports.files.spreadsheet import safe_cell
from portal.storage.tables import utc_now

COLUMNS = ("Export", "Requested (UTC)", "Scope", "Format", "Status", "Expires (UTC)", "Bytes", "SHA-256", "By",
           "Reference", "Request", "Received", "Due", "Answer", "Answered")  # fmt: skip
PAGE = 500
MOST_IN_WORKBOOK = 100_000  # newest; the CSV has all
MOST_IN_CALENDAR = 1_000  # soonest
ABOUT = "A register of exports: when each was asked for, by whom, how it stands and was answered. No customer's data."

Pages = Callable[[str | None], ExportPage]


def register_rows(pages: Pages) -> Iterator[list[str]]:
    """One row an export, in the order of `pages`."""
    after: str | None = None
    while True:
        page = pages(after)
        yield from (_cells(row) for row in page.rows)
        after = page.after
        if after is None:
            return


def _cells(row: ExportView) -> list[str]:
    return [
        row.id, _stamp(row.requested_at), row.scope, row.format, row.state.value, _stamp(row.link_expires_at),
        str(row.size_bytes or ""), row.sha256, row.requested_by, row.reference,
        row.request_id, _day(row.received_on), _day(row.due_on), row.answer.value, _day(row.answered_on),
    ]  # fmt: skip


def _stamp(time: dt.datetime | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S") if time else ""


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def csv_lines(rows: Iterator[list[str]]) -> Iterator[bytes]:
    """The register as CSV that a spreadsheet opens as text."""

    def line(values: list[str]) -> bytes:
        out = io.StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL).writerow([safe_cell(v) for v in values])
        return out.getvalue().encode()

    yield b"\xef\xbb\xbf" + line(list(COLUMNS))
    for values in rows:
        yield line(values)


def workbook_of(rows: Iterator[list[str]]) -> Iterator[bytes]:
    """The register as a workbook of text cells, at most `MOST_IN_WORKBOOK` rows."""
    from itertools import islice

    from portal.exports.files.workbook import workbook
    from portal.preview import Table

    some = list(islice(rows, MOST_IN_WORKBOOK + 1))
    cut = len(some) > MOST_IN_WORKBOOK
    name = f"Newest {MOST_IN_WORKBOOK} exports" if cut else "Past exports"
    return workbook([Table(name=name, columns=COLUMNS, _rows=some[:MOST_IN_WORKBOOK])], ABOUT)


def calendar_of(rows: list[tuple[str, dt.datetime]], origin: str) -> bytes:
    """Expiries as a calendar file: the export's id and address, nothing of the person."""
    now = instant(utc_now())
    return calendar_file(
        "expiries",
        (
            (
                f"UID:{export_id}@privacy-portal", f"DTSTAMP:{now}", f"DTSTART:{instant(expires)}",
                f"SUMMARY:Export {export_id[:8]}: link expires", f"URL:{origin}/preview?export={export_id}",
                "TRANSP:TRANSPARENT", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT24H",
                f"DESCRIPTION:Export {export_id[:8]} expires in a day", "END:VALARM",
            )
            for export_id, expires in rows
        ),
    )  # fmt: skip
