"""Exports of before there were cases: each request becomes one, its answer and due days kept, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.orm import Session

from portal.cases.services.ledger import as_facts, as_folded, cached, rows_of
from portal.storage import migrate
from portal.storage.case_tables import Case, CaseDemand, CaseIdentifier
from portal.storage.engine import open_engine
from portal.storage.migrate import bring_up_to_date
from portal.storage.months import months_after
from tests.storage.test_answers_migration import up_to

SAT = dt.date(2026, 9, 6)  # the month ends on 6 October, a Tuesday; of 10 August on Thursday 10 September
# id, asked, received, repeat of, request, answer of the export
ROWS: list[tuple[str, dt.date, dt.date | None, str, str]] = [
    ("open", SAT, dt.date(2026, 9, 3), "open", "open"),
    ("weekend", dt.date(2026, 9, 3), None, "weekend", "open"),  # ends on Saturday, 3 October
    ("first", dt.date(2026, 8, 10), dt.date(2026, 8, 9), "first", "later"),
    ("again", dt.date(2026, 8, 20), dt.date(2026, 8, 9), "first", "sent"),
    ("longer", dt.date(2026, 8, 31), None, "longer", "open"),
    ("withdrawn", dt.date(2026, 8, 11), None, "withdrawn", "closed"),
    ("refused", dt.date(2025, 12, 30), None, "refused", "open"),
    ("ancient", dt.date(2024, 1, 31), None, "ancient", ""),
]
# request, number, kind, reason, until, takes back
ANSWERS = [
    ("first", 1, "sent", "", None, None),
    ("first", 2, "taken_back", "", None, 1),
    ("first", 3, "sent", "", None, None),
    ("first", 4, "acknowledged", "", None, None),
    ("longer", 1, "extended", "complexity", dt.date(2026, 11, 30), None),
    ("withdrawn", 1, "closed", "taken_back", None, None),
    ("refused", 1, "refused", "unfounded", None, None),
    ("refused", 2, "taken_back", "", None, 1),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgres")()
    opened = open_engine(url)
    up_to(opened, "0013")
    fill(opened)
    yield opened
    opened.dispose()


def fill(engine: Engine) -> None:
    offset = "+00:00" if engine.dialect.name == "postgresql" else ".000000"
    with engine.begin() as connection:

        def add(table: str, **values: object) -> None:
            names = ", ".join(values)
            connection.execute(
                text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(':' + name for name in values)})"), values
            )

        at = f"2024-01-01 00:00:00{offset}"
        for merchant in ("m", "n"):
            add("merchants", id=merchant, name=merchant, practice=False, sealed_index_keyset=b"", api_url="",
                download_hosts="[]", time_zone="Europe/Berlin" if merchant == "m" else "", second_factor="managers",
                created_at=at)  # fmt: skip
            add("accounts", id=f"a{merchant}", merchant_id=merchant, email=f"a@{merchant}.example", name="",
                email_key=f"a@{merchant}.example", role="agent", method="password", password_hash="",
                wants_second_factor=False, recovery_hashes="[]", created_at=at)  # fmt: skip
        for merchant in ("m", "n"):
            for id, asked, received, request, answer in ROWS:
                ends = months_after(received or asked, 1)
                due = dt.date(2026, 11, 30) if id == "longer" else ends
                export(add, merchant, id, f"{asked} 12:00:00{offset}", received, request, answer, ends, due)
            for request, number, kind, reason, until, takes_back in ANSWERS:
                stamp = f"2026-09-0{number} 09:00:00{offset}"
                add("answers", request_id=merchant + request, number=number, merchant_id=merchant,
                    export_id=merchant + request, kind=kind, at=stamp, recorded_at=stamp, recorded_by=f"a{merchant}",
                    channel="email" if kind == "sent" else "", copy="original" if kind == "sent" else "",
                    sha256="ab" * 32 if kind == "sent" else "", reason=reason, until=until, takes_back=takes_back,
                )  # fmt: skip


def export(
    add: object, merchant: str, id: str, stamp: str, received: dt.date | None, request: str, answer: str,
    ends: dt.date, due: dt.date,
) -> None:  # fmt: skip
    add(  # type: ignore[operator]
        "exports", id=merchant + id, merchant_id=merchant, state="ready", requested_by=f"a{merchant}",
        requested_at=stamp, updated_at=stamp, repeat_of=None if id == request else merchant + request, channel="web",
        asked_in="", subject_kind="email", sealed_subject=b"", subject_index=f"i-{request}", ask_index="i",
        program_name="", format="json", reference=f"T-{request}", reference_key=f"t-{request}", received_on=received,
        request_id=merchant + request, month_ends_on=ends, due_on=due, answer=answer, answered_on=None, attempt=1,
        vendor_export_id="", vendor_status="", vendor_request_id="", notes="[]", problem_code="", problem="",
        next_step="", turn="", fetched_bytes=0, sha256="", media_type="", blob_name="", verdict="", checks="[]",
        worker="",
    )  # fmt: skip


def test_each_request_is_one_case_with_its_days_and_its_answer(engine: Engine) -> None:
    bring_up_to_date(engine)
    with Session(engine) as session:
        cases = {row.id: row for row in session.scalars(select(Case))}
        of_export = dict(session.execute(text("SELECT id, case_id FROM exports")).tuples().all())
        assert len(cases) == 14 and set(of_export.values()) == set(cases)
        found = {
            id: (c.state, str(c.received_on), str(c.target_on), str(c.last_lawful_on), str(c.due_on), c.closed_as)
            for id, c in ((export_id, cases[case_id]) for export_id, case_id in of_export.items()) if id[0] == "m"
        }  # fmt: skip
        assert found == {
            "mopen": ("collecting", "2026-09-03", "2026-10-03", "2026-10-05", "2026-10-03", ""),
            "mweekend": ("collecting", "2026-09-03", "2026-10-03", "2026-10-05", "2026-10-03", ""),
            "mfirst": ("answered", "2026-08-09", "2026-09-09", "2026-09-09", "2026-09-09", "answered"),
            "magain": ("answered", "2026-08-09", "2026-09-09", "2026-09-09", "2026-09-09", "answered"),
            "mlonger": ("collecting", "2026-08-31", "2026-09-30", "2026-09-30", "2026-11-30", ""),
            "mwithdrawn": ("withdrawn", "2026-08-11", "2026-09-11", "2026-09-11", "2026-09-11", "withdrawn"),
            "mrefused": ("collecting", "2025-12-30", "2026-01-30", "2026-01-30", "2026-01-30", ""),
            "mancient": ("closed", "2024-01-31", "2024-02-29", "2024-02-29", "2024-02-29", "before_records"),
        }
        assert of_export["mfirst"] == of_export["magain"]


def test_the_days_on_the_row_are_those_the_facts_come_to(engine: Engine) -> None:
    bring_up_to_date(engine)
    with Session(engine) as session:
        for case in session.scalars(select(Case)):
            kept = {name: getattr(case, name) for name in cached(as_folded(session, case))}
            assert kept == cached(as_folded(session, case)), case.reference
            assert next(fact.number for fact in as_facts(rows_of(session, case.id))) == 1


def test_a_case_is_numbered_within_its_merchant_and_year_and_knows_its_person(engine: Engine) -> None:
    bring_up_to_date(engine)
    with Session(engine) as session:
        for merchant in ("m", "n"):
            rows = session.scalars(select(Case).where(Case.merchant_id == merchant).order_by(Case.year, Case.number))
            assert [(row.year, row.number, row.reference) for row in rows] == [
                (2024, 1, "T-ancient"), (2025, 1, "T-refused"), (2026, 1, "T-first"), (2026, 2, "T-withdrawn"),
                (2026, 3, "T-longer"), (2026, 4, "T-weekend"), (2026, 5, "T-open"),
            ]  # fmt: skip
        for row in session.scalars(select(CaseIdentifier)):
            case = session.get_one(Case, row.case_id)
            assert row.value_index == case.subject_index and row.export_id is not None and row.sealed_value is None
        outcomes = {
            session.get_one(Case, row.case_id).reference: (row.demand, row.outcome)
            for row in session.scalars(select(CaseDemand))
        }
        assert outcomes["T-first"] == ("access", "given") and outcomes["T-refused"] == ("access", "open")


def test_back_and_forth_keeps_every_export_and_makes_the_cases_anew(engine: Engine) -> None:
    looking = inspect(engine)
    columns, indexes = looking.get_columns("exports"), looking.get_indexes("exports")
    with engine.connect() as connection:
        before = connection.execute(text("SELECT * FROM exports ORDER BY id")).mappings().all()
    bring_up_to_date(engine)
    migrate.downgrade(engine, "0013")
    looking = inspect(engine)
    assert not [name for name in looking.get_table_names() if name.startswith("case")]
    assert {c["name"] for c in looking.get_columns("exports")} == {c["name"] for c in columns}
    assert {i["name"] for i in looking.get_indexes("exports")} == {i["name"] for i in indexes}
    with engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM exports ORDER BY id")).mappings().all() == before
        assert connection.scalar(text("SELECT count(*) FROM answers")) == 2 * len(ANSWERS)
    bring_up_to_date(engine)
    with Session(engine) as session:
        assert len(session.scalars(select(Case)).all()) == 14
