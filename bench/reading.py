"""How right CSV files are read, beside the csv module with its Sniffer, clevercsv and DuckDB on the same files.

Run: .venv/bin/python bench/reading.py [FOLDER] [--every N] [--only ours,sniffer,clevercsv,duckdb]
FOLDER (or PORTAL_CORPORA) holds the unpacked corpora, which are not part of the repository: `polluted_files` (Pollock,
HPI-Information-Systems/Pollock) and `annotations` with `csv` (ws-garcia/CSVsniffer). Without it the generated
part runs.
--every N: every Nth file of a corpus only (clevercsv takes seconds for one file).

F1 of header, records and cells: a cell at the end of a row that is empty or absent counts the same; rows are compared
as multisets; of several tables the largest counts. "exact": header and records are all right. clevercsv and duckdb are
left out, and said to be, where they are not installed: the product needs neither.
"""

import argparse
import contextlib
import csv
import importlib.util
import io
import json
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import stranger_shapes
from portal.preview import read
from portal.preview.csv.dialect import dialect_of
from portal.preview.decoding import decode

Row = Sequence[str]
Found = tuple[Row, list[Row]]
"""The header and the records."""
RECORDS_WANTED, EXACT_WANTED, DELIMITERS_WANTED = 0.995, 1_400 / 2_290, 0.99


@dataclass(frozen=True)
class File:
    name: str
    data: bytes
    header: Row
    records: list[Row]


# The readers -------------------------------------------------------------------------------------------------------


def ours(data: bytes) -> Found:
    tables = read(data, "csv").tables
    if not tables:
        return (), []
    table = max(tables, key=lambda each: each.row_count)
    return table.headers, [[cell if isinstance(cell, str) else "" for cell in row] for row in table.rows()]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def _first_as_header(rows: list[Row]) -> Found:
    rows = [row for row in rows if row]
    return (rows[0], rows[1:]) if rows else ((), [])


def sniffer(data: bytes) -> Found:
    text = _text(data)
    dialect: type[csv.Dialect] = csv.excel
    with contextlib.suppress(csv.Error):
        dialect = csv.Sniffer().sniff(text[:16_384])
    return _first_as_header(list(csv.reader(io.StringIO(text, newline=""), dialect)))


def by_clevercsv(data: bytes) -> Found:
    import clevercsv

    text = _text(data)
    dialect = clevercsv.Sniffer().sniff(text[:16_384])
    if dialect is None:
        return (), []
    return _first_as_header(list(clevercsv.reader(io.StringIO(text, newline=""), dialect)))


def by_duckdb(data: bytes) -> Found:
    import duckdb

    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(data)
        file.flush()
        found = duckdb.connect().execute(
            "select * from read_csv(?, all_varchar=true, null_padding=true, ignore_errors=true)", [file.name]
        )
        names = [column[0] for column in found.description]
        return names, [["" if cell is None else str(cell) for cell in row] for row in found.fetchall()]


READERS: dict[str, Callable[[bytes], Found]] = {
    "ours": ours,
    "sniffer": sniffer,
    "clevercsv": by_clevercsv,
    "duckdb": by_duckdb,
}


def clevercsv_delimiter(text: str) -> str:
    import clevercsv

    found = clevercsv.Sniffer().sniff(text[:16_384])
    return str(found.delimiter) if found else ""


DETECTORS: dict[str, Callable[[str], str]] = {
    "ours": lambda text: dialect_of(text).delimiter,
    "sniffer": lambda text: csv.Sniffer().sniff(text[:16_384]).delimiter,
    "clevercsv": clevercsv_delimiter,
}


# The measure -------------------------------------------------------------------------------------------------------


def trimmed(row: Row) -> tuple[str, ...]:
    cells = list(row)
    while cells and cells[-1] == "":
        cells.pop()
    return tuple(cells)


def f1(wanted: Iterable[object], got: Iterable[object]) -> float:
    a, b = Counter(wanted), Counter(got)
    if not a and not b:
        return 1.0
    return 2 * (a & b).total() / (a.total() + b.total())


def score(file: File, found: Found) -> tuple[float, float, float, bool]:
    header, records = found
    of_header = f1(trimmed(file.header), trimmed(header))
    of_records = f1(map(trimmed, file.records), map(trimmed, records))
    of_cells = f1((c for row in file.records for c in row if c), (c for row in records for c in row if c))
    return of_header, of_records, of_cells, trimmed(file.header) == trimmed(header) and of_records == 1.0


def compare(title: str, files: Sequence[File], readers: Sequence[str]) -> dict[str, tuple[float, ...]]:
    print(f"\n{title}: {len(files)} files\n{'':10} {'header':>7} {'records':>8} {'cells':>7} {'exact':>7}")
    means: dict[str, tuple[float, ...]] = {}
    for name in readers:
        scores = []
        for file in files:
            try:
                found = READERS[name](file.data)
            except Exception:  # a reader that gives up has read nothing
                found = ((), [])
            scores.append(score(file, found))
        means[name] = tuple(sum(each[at] for each in scores) / len(scores) for at in range(4))
        exact = sum(each[3] for each in scores)
        print(f"{name:10} {means[name][0]:7.4f} {means[name][1]:8.4f} {means[name][2]:7.4f} {exact:7}", flush=True)
    return means


# The corpora -------------------------------------------------------------------------------------------------------


def pollock(folder: Path, every: int) -> list[File]:
    root = folder / "polluted_files"
    found = []
    for path in sorted((root / "csv").iterdir())[::every]:
        rows: list[Row] = list(csv.reader(io.StringIO(_text((root / "clean" / path.name).read_bytes()), newline="")))
        about = json.loads((root / "parameters" / f"{path.name}_parameters.json").read_text("utf-8"))
        headed = about["header_lines"] > 0 and bool(rows)
        found.append(File(path.name, path.read_bytes(), rows[0] if headed else (), rows[1:] if headed else rows))
    return found


NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "vslash": "|", "space": " ", "nsign": "#"}


QUOTES = {"singlequote": "'", "ticksign": "`"}
MADE_BY_HAND = "POLLOCK"  # annotations of files that were made for the other corpus


@dataclass(frozen=True)
class Annotated:
    path: Path
    delimiter: str
    quote: str
    escape: str
    made: bool

    @property
    def text(self) -> str:
        return decode(self.path.read_bytes()).text.removeprefix("\ufeff")

    def rows(self) -> list[Row]:
        """By the csv module and the annotated dialect: a comment or a title counts as a record."""
        found = csv.reader(
            io.StringIO(self.text, newline=""), delimiter=self.delimiter, quotechar=self.quote, skipinitialspace=True,
            doublequote=not self.escape, escapechar=self.escape or None,
        )  # fmt: skip
        return [row for row in found if any(row)]


def annotated(folder: Path) -> Iterator[Annotated]:
    seen: dict[str, Annotated] = {}
    for path in sorted((folder / "annotations").iterdir()):
        for line in path.read_text("utf-8").splitlines():
            name, *parts = line.split("|")
            if len(parts) > 4 and not line.startswith(("#", "file_name")):
                quote, escape = QUOTES.get(parts[2], '"'), "\\" if parts[3] == "backslash" else ""
                made = path.name.startswith(MADE_BY_HAND)
                delimiter = NAMES.get(parts[1], parts[1])
                seen.setdefault(name, Annotated(folder / "csv" / name, delimiter, quote, escape, made))
    return (one for one in seen.values() if one.path.exists())


def of_the_world(folder: Path, every: int, readers: Sequence[str]) -> None:
    """Files that people put online: header and records in one, cells without blanks around them."""
    files = []
    for one in [each for each in annotated(folder) if not each.made and len(each.delimiter) == 1][::every]:
        with contextlib.suppress(csv.Error):
            files.append((one.path.read_bytes(), [stripped(row) for row in one.rows()]))
    print(f"\nFiles of the world, by their annotated dialect: {len(files)} files\n{'':10} {'records':>8} {'exact':>7}")
    for name in readers:
        scores = []
        for data, wanted in files:
            try:
                header, records = READERS[name](data)
            except Exception:  # a reader that gives up has read nothing
                header, records = (), []
            scores.append(f1(wanted, [row for row in map(stripped, [header, *records]) if row]))
        print(f"{name:10} {sum(scores) / len(scores):8.4f} {scores.count(1.0):7}", flush=True)


def stripped(row: Row) -> tuple[str, ...]:
    return trimmed([cell.strip() for cell in row])


def delimiters(folder: Path, every: int, readers: Sequence[str]) -> dict[str, float]:
    files = [(one.text, one.delimiter) for one in list(annotated(folder))[::every]]
    print(f"\nAnnotated dialects: {len(files)} files, delimiter right")
    shares: dict[str, float] = {}
    for name in [each for each in readers if each in DETECTORS]:
        right = 0
        for text, delimiter in files:
            try:
                right += DETECTORS[name](text) == delimiter
            except Exception:  # it found none
                continue
        shares[name] = right / len(files)
        print(f"{name:10} {right:5} {shares[name]:.4f}", flush=True)
    return shares


# The generated part ------------------------------------------------------------------------------------------------


TOWNS = ("Leeds", "Århus", "Zürich", "São Paulo", "Kraków", "Ghent", "L'Aquila", "'s-Hertogenbosch")
TEXTS = ("", "thanks, all", "one; two", "a|b", 'size 12"', "line\nbreak", "it's fine", "ok", "x, y; z")


def grid(r: random.Random) -> tuple[list[str], list[list[str]]]:
    columns: dict[str, Callable[[int], str]] = {
        "ticket": lambda n: f"{1000 + n}",
        "opened": lambda n: f"2026-0{1 + n % 9}-1{n % 10}",
        "town": lambda n: r.choice(TOWNS),
        "amount": lambda n: f"{r.randrange(9999) / 100:.2f}",
        "remark": lambda n: r.choice(TEXTS),
        "contact": lambda n: f"guest{n}@mail.example",
    }
    names = ["ticket", *r.sample([*columns][1:], r.randrange(2, 6))]
    return names, [[columns[name](n) for name in names] for n in range(r.randrange(3, 60))]


def written(rows: list[list[str]], delimiter: str, quote: str = '"', *, escape: str = "", blank: str = "") -> str:
    def one(cell: str) -> str:
        if not set(cell) & {delimiter, quote, "\n", "\r", " "}:
            return cell
        return quote + cell.replace(quote, (escape or quote) + quote) + quote

    return "".join((delimiter + blank).join(map(one, row)) + "\r\n" for row in rows)


def generated(count: int) -> list[File]:
    """Files as tools write them, each of another kind in turn; first read when the reader was done."""
    kinds: dict[str, Callable[[random.Random, list[list[str]], str], str]] = {
        "plain": lambda r, rows, d: written(rows, d),
        "sep": lambda r, rows, d: f"sep={d}\r\n" + written(rows, d),
        "blanks": lambda r, rows, d: written(rows, d, blank=" "),
        "preamble": lambda r, rows, d: "Monthly report\r\nGenerated 2 March\r\n" * r.randrange(1, 9) + written(rows, d),
        "comments": lambda r, rows, d: "# made by tool, v3\r\n# all rows\r\n" + written(rows, d),
        "padded": lambda r, rows, d: "Monthly report" + d * (len(rows[0]) - 1) + "\r\n" + written(rows, d),
        "spaced": lambda r, rows, d: written(rows[:1], d) + "\r\n" + written(rows[1:], d),
        "returns": lambda r, rows, d: written(rows, d).replace("\r\n", "\r\r\n"),
        "again": lambda r, rows, d: written([*rows[:3], rows[0], *rows[3:]], d),
        "backslash": lambda r, rows, d: written(rows, d, escape="\\"),
        "marked": lambda r, rows, d: "\ufeff" + written(rows, d),
        "rule": lambda r, rows, d: written([rows[0], ["----"] * len(rows[0]), *rows[1:]], d),
    }
    files = []
    for number in range(count):
        r = random.Random(number)
        kind = [*kinds][number % len(kinds)]
        delimiter = r.choice(",;\t|" if kind != "sep" else ",;\t|^~")
        names, rows = grid(r)
        if kind == "returns":
            rows = [[cell.replace("\n", " ") for cell in row] for row in rows]
        files.append(File(f"{kind} {number}", kinds[kind](r, [names, *rows], delimiter).encode(), names, list(rows)))
    return files


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=os.environ.get("PORTAL_CORPORA"))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default=",".join(READERS))
    asked = parser.parse_args()
    readers = [name for name in asked.only.split(",") if name in READERS]
    for name in ("clevercsv", "duckdb"):
        if name in readers and importlib.util.find_spec(name) is None:
            print(f"{name} is not installed (pip install {name}): left out")
            readers.remove(name)
    compare("Generated", generated(240), readers)
    print("\nOne stranger's record, by bench/stranger_shapes.py")
    shapes_missed = stranger_shapes.main()
    if not asked.folder:
        print("\nNo folder of corpora is named (an argument, or PORTAL_CORPORA): the generated part only.")
        return shapes_missed
    means = compare("Pollock", pollock(Path(asked.folder), asked.every), readers)
    shares = delimiters(Path(asked.folder), asked.every, readers)
    of_the_world(Path(asked.folder), asked.every, readers)
    own = means["ours"]
    ahead = all(own[at] >= other[at] for name, other in means.items() if name != "ours" for at in range(3))
    met = ahead and own[1] >= RECORDS_WANTED and own[3] >= EXACT_WANTED and shares["ours"] >= DELIMITERS_WANTED
    print("targets met" if met else "targets missed")
    return 0 if met and not shapes_missed else 1


if __name__ == "__main__":
    sys.exit(main())
