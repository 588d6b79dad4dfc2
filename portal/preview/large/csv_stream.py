"""Reads a CSV of any length piece by piece into a side file: its text in pages, and an index of which records of which
page are rows of which table.

The dialect comes from the first SAMPLE_CHARS, the tables from `portal.preview.csv.grouping`, as for a small file. A
page holds the text of its records and is read again as a small CSV.
"""

import csv
from collections.abc import Callable

from portal.preview.csv import dialect as csv_dialect
from portal.preview.csv import tables as csv_tables
from portal.preview.csv.cuts import end_of_fields, last_cut
from portal.preview.csv.dialect import Dialect
from portal.preview.csv.grouping import CsvGrouping
from portal.preview.csv.growing import GrowingCsv
from portal.preview.csv.reader import LONGEST_FIELD, Records, dialect_told, read_some_carefully, strictly
from portal.preview.large.csv_pages import CsvPages, CsvRows
from portal.preview.large.side_file import SideFile
from portal.preview.model import Table, WarningLog
from portal.preview.raw import without_lone_surrogates


class CsvStream:
    """`feed` text in order, then `finish`; `tables` at any time."""

    def __init__(self, side: SideFile, log: WarningLog) -> None:
        self.pages = CsvPages(side)
        self.complete = True
        self._log = log
        self._dialect = Dialect()
        self._begun = False
        self._carry = ""
        self._line = 1
        self._grouping = CsvGrouping(log)
        self.prefix = ""
        """Text before the first record that is no part of a table."""

    def feed(self, text: str, *, final: bool = False) -> None:
        text = self._carry + without_lone_surrogates(text)
        if not self._begun:
            if len(text) <= csv_dialect.SAMPLE_CHARS and not final:
                self._carry = text
                return
            self._begun = True
            self._dialect, begins, self._line = dialect_told(text, self._log)
            self._grouping.delimiter = self._dialect.delimiter
            self._grouping.double_returns = self._dialect.double_returns
            self.prefix, text = text[:begins], text[begins:]
        while text:
            taken = self._strict_part(text, final) or self._careful_part(text, final)
            if not taken:
                break
            text = text[taken:]
        self._carry = text if final else self._without_long_start(text)
        if final:
            self._grouping.finish()

    def _strict_part(self, text: str, final: bool) -> int:
        """Read the part of `text` that ends with a whole record; 0 when that takes care."""
        cut = len(text) if final else last_cut(text, self._dialect.quote)
        if not cut:
            return 0
        part = text[:cut]
        try:
            records = strictly(part, self._dialect, self._line)
        except csv.Error:
            return 0
        self._take(records, part, carefully=False)
        return cut

    def _careful_part(self, text: str, final: bool) -> int:
        if not final and "\n" not in text and "\r" not in text and len(text) < LONGEST_FIELD:
            return 0
        records, taken = read_some_carefully(text, self._dialect, self._log, self._line, final=final)
        self.complete = self.complete and records.complete
        if taken:
            self._take(records, text[:taken], carefully=True)
        return taken

    def _without_long_start(self, text: str) -> str:
        """The text of a record whose end has not come yet, without what exceeds one row's limit."""
        end = end_of_fields(text, self._dialect)
        if not end:
            return text
        self._log.add("long line", f"line {self._line}", "This line is too long for one row; it is shown as several.")
        part = text[:end]
        if not self._strict_part(part, final=True):
            self._careful_part(part, final=True)
        return text[end:]

    def _take(self, records: Records, part: str, *, carefully: bool) -> None:
        page = self.pages.add(part, self._dialect, self._line, carefully=carefully)
        self._line += part.count("\n") + (part.count("\r") - part.count("\r\n") if "\r" in part else 0)
        self._grouping.take(page, records.rows, records.lines)

    @property
    def is_sentence(self) -> bool:
        """The file is a line of text: known when it is read."""
        return self._grouping.is_sentence

    def tables(self, *, final: bool = False) -> tuple[Table, ...]:
        """The tables as far as they are read. `final`: log the warnings that need their names, once."""
        groups = self._grouping.first_groups()
        return csv_tables.tables_of(groups, self._rows, self._paths, self._log if final else None)

    def _rows(self, group: GrowingCsv) -> CsvRows:
        return CsvRows(self.pages, tuple(group.runs), tuple(group.starts), group.count, group)

    def _paths(self, group: GrowingCsv, width: int) -> Callable[[int], list[str]]:
        rows = self._rows(group)
        return lambda row: [f"line {rows.line(row)}, column {n + 1}" for n in range(width)]
