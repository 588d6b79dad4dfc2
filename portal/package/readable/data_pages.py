"""Writes what is held about the person as pages: one, or several when it is long, each value once (PKG-3, PKG-4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from portal.package.archive import Archive
from portal.package.dictionary.kinds import Topic
from portal.package.dictionary.lookup import Named
from portal.package.facts import Figures, TableFacts
from portal.package.failures import DoesNotReconcile
from portal.package.layout import LEFT_OUT_PAGE, PART_BYTES, YOUR_DATA, data_name, part_name
from portal.package.parts import CaseFacts, Media
from portal.package.readable.overview import cards, overview, switch
from portal.package.readable.parts import BATCH_CHARS, PartWriter
from portal.package.readable.shell import page_ends, shown
from portal.package.readable.tables import TableMaker, TablePlan
from portal.package.readable.values import Values
from portal.package.reading import ReadFile, ReadTable, batches, values_in
from portal.package.texts import AS_ATTACHED, BACK, LISTED, NO_LIST, OTHER_PAGES, PAGE_OF, TOPICS
from portal.package.texts import YOUR_DATA as TITLE
from portal.preview import MISSING, Cell

ROOM_BYTES = 250_000
"""Kept free in a page for its head, the overview and the contents."""
ROWS_AT_ONCE = 100
COMPARED_ROWS = 20
"""A table of more rows is drawn again for each file."""


@dataclass(frozen=True)
class Section:
    """One table of one file, where it belongs on the page and what is known of it."""

    file: ReadFile
    table: ReadTable
    named: Named
    facts: TableFacts


@dataclass
class DataPages:
    """Writes the pages of one package into `archive`."""

    archive: Archive
    case: CaseFacts
    values: Values
    files: Sequence[ReadFile]
    sections: Sequence[Section]
    figures: Figures
    left_out: int
    part_bytes: int = PART_BYTES

    def write(self) -> None:
        """Raises DoesNotReconcile when a file's values are not all on the pages."""
        title = self.values.catalogue.text(TITLE).format(merchant=self.case.merchant)
        head, tail = page_ends(title, self.values.language, foot=f"{self.case.merchant} · {self.case.case}")
        back = f'<p class="noprint"><a href="{YOUR_DATA}">{self.values.say(BACK)}</a></p>'

        def emit(number: int, body: list[bytes]) -> None:
            page = f"<h1>{shown(title)}: {self.values.say(PAGE_OF, number=number)}</h1>{back}{switch(self.values)}"
            self.archive.write(part_name(number), [head.encode(), page.encode(), *body, tail.encode()])

        writer = PartWriter(emit, self.part_bytes - min(ROOM_BYTES, self.part_bytes // 2))
        topics = self._body(writer)
        several = writer.part > 1
        if several:
            writer.flush()
        links = [(topic, self._href(topic, writer, several)) for topic in topics]
        top = overview(self.values, self.case, self.figures, self.left_out, links)
        body = [self._pages(writer.part).encode()] if several else writer.rest
        self.archive.write(YOUR_DATA, [head.encode(), top.encode(), *body, tail.encode()])

    def _href(self, topic: Topic, writer: PartWriter, several: bool) -> str:
        return f"{part_name(writer.anchors[topic])}#{topic}" if several else f"#{topic}"

    def _pages(self, after: int) -> str:
        items = "".join(
            f'<li><a href="{part_name(number)}">{self.values.say(PAGE_OF, number=number)}</a></li>'
            for number in range(1, after)
        )
        return f'<p>{self.values.say(OTHER_PAGES)}</p><ol class="toc">{items}</ol>'

    def _body(self, writer: PartWriter) -> list[Topic]:
        makers = {file.file.name: self._maker(file) for file in self.files}
        found: dict[int, int] = {}
        topics = []
        for topic in Topic:
            here = [section for section in self.sections if section.named.topic is topic]
            others = self._others() if topic is Topic.OTHER else ""
            if not here and not others:
                continue
            topics.append(topic)
            writer.anchor(topic)
            writer.text(f'<h2 id="{topic}">{self.values.say(TOPICS[topic])}</h2>')
            if topic is Topic.CARDS:
                writer.text(cards(self.values, self.figures.cards))
            for section, copies in _alike(here):
                before = writer.marks.values
                values = self._table(writer, makers[section.file.file.name], section, copies)
                found[id(section.file)] = found.get(id(section.file), 0) + writer.marks.values - before - sum(values)
                for copy, many in zip(copies, values, strict=True):
                    found[id(copy.file)] = found.get(id(copy.file), 0) + many
            writer.text(others)
        for file in self.files:
            shown_values = found.get(id(file), 0 if file.tables else file.leaves)
            if shown_values != file.leaves:
                raise DoesNotReconcile(detail=f"{shown_values} values of {file.leaves} of a {file.file.kind} file")
        return topics

    def _maker(self, file: ReadFile) -> TableMaker:
        """Markers of a file lead to its own numbers."""
        left_out = f"{LEFT_OUT_PAGE}#{file.file.name}-" if file.file.left_out else ""
        return TableMaker(Values(self.values.language, self.case.zone, left_out), self.figures.names)

    def _table(
        self, writer: PartWriter, maker: TableMaker, section: Section, copies: Sequence[Section]
    ) -> list[int]:  # fmt: skip
        """Gives how many values of each copy the table stands for."""
        values = [values_in(copy.table) for copy in copies]
        also = [data_name(copy.file.file) for copy in copies]
        plan = maker.plan(
            section.table, section.named, section.facts, data_name(section.file.file), also, sum(values)
        )  # fmt: skip
        before = writer.marks.rows
        if section.file.listed:
            writer.text(f"<p>{self.values.say(LISTED)}</p>")
        writer.open(plan.open, plan.again, plan.close)
        for html in self._rows(maker, plan, section):
            writer.rows(html)
        writer.close()
        writer.text(plan.end)
        rows = writer.marks.rows - before
        if rows != section.table.table.row_count:
            raise DoesNotReconcile(detail=f"{rows} rows of {section.table.table.row_count} on the page")
        return values

    def _rows(self, maker: TableMaker, plan: TablePlan, section: Section) -> Iterable[str]:
        last: Cell = MISSING
        for rows in batches(section.table.table, ROWS_AT_ONCE):
            html = maker.rows(plan, rows, last)
            if len(html) > BATCH_CHARS and len(rows) > 1:
                for row in rows:
                    yield maker.rows(plan, [row], last)
                    last = row[plan.group] if plan.group is not None else MISSING
            else:
                yield html
            last = rows[-1][plan.group] if plan.group is not None else MISSING

    def _others(self) -> str:
        """Files that have no tables: named, with the place where they stand; an empty list said to be so."""
        made = []
        for file in self.files:
            name = data_name(file.file)
            if file.file.media is Media.OTHER:
                said = self.values.say(AS_ATTACHED, folder="data")
                made.append(f"<li>{shown(file.file.title)} <code>{name}</code>. {said}</li>")
            elif not file.tables:
                made.append(f"<li>{shown(file.file.title)} <code>{name}</code>: {self.values.say(NO_LIST)}</li>")
        return f"<ul>{''.join(made)}</ul>" if made else ""


def _alike(sections: Sequence[Section]) -> Iterable[tuple[Section, list[Section]]]:
    """Each section with those of other files that hold the very same: each loyalty program repeats who the person is.
    A file with places left out has numbers of its own, and stays by itself."""
    groups: dict[object, tuple[Section, list[Section]]] = {}
    for section in sections:
        table = section.table.table
        key: object = id(section)
        if section.named.topic is Topic.WHO and table.row_count <= COMPARED_ROWS and not section.file.file.left_out:
            rows = (tuple((type(cell), cell) for cell in row) for row in table.rows(0, table.row_count))
            key = (section.named.title, table.name, tuple(table.columns), section.table.added, *rows)
        groups.setdefault(key, (section, []))[1].append(section)
    for first, alike in groups.values():
        yield first, alike[1:]
