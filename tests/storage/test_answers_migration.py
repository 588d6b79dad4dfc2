"""Rows of before answers were kept: due days, requests and standings are filled in, on both databases, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from portal.storage import migrate
from portal.storage.engine import open_engine
from portal.storage.migrate import bring_up_to_date
from portal.storage.months import months_after

DAY = dt.timedelta(days=1)
LONG_AGO, LATELY = dt.date(2024, 1, 31), dt.datetime.now(dt.UTC).date() - 5 * DAY
BEFORE = LATELY - 2 * DAY
# id, asked, received, repeat of -> request, month ends, answer
ROWS: list[tuple[str, dt.date, dt.date | None, str | None, str, dt.date, str]] = [
    ("alone", LATELY, LATELY - DAY, None, "alone", months_after(LATELY - DAY, 1), "open"),
    ("unsaid", LATELY, None, None, "unsaid", months_after(LATELY, 1), "open"),
    ("old", LONG_AGO, LONG_AGO, None, "old", dt.date(2024, 2, 29), ""),
    ("old2", dt.date(2025, 8, 31), None, None, "old2", dt.date(2025, 9, 30), ""),
    ("first", BEFORE, None, None, "first", months_after(BEFORE, 1), "later"),
    ("again", LATELY, None, "first", "first", months_after(BEFORE, 1), "later"),
    ("thrice", LATELY + DAY, None, "again", "first", months_after(BEFORE, 1), "open"),
    ("orphan", LATELY, None, "gone", "orphan", months_after(LATELY, 1), "open"),
]  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    made = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    if request.param == "postgresql":
        made = request.getfixturevalue("new_postgres")()
    opened = open_engine(made)
    yield opened
    opened.dispose()


def up_to(engine: Engine, revision: str) -> None:
    with migrate._migrating(engine) as connection:
        migrate._run(connection, "upgrade", revision)


def fill(engine: Engine) -> None:
    with engine.begin() as connection:

        def run(words: str, **values: object) -> None:
            connection.execute(text(words), values)

        at = "2026-01-01 00:00:00+00:00" if engine.dialect.name == "postgresql" else "2026-01-01 00:00:00.000000"
        run("INSERT INTO merchants (id, name, practice, sealed_index_keyset, api_url, download_hosts, time_zone, "
            "second_factor, created_at) VALUES ('m', 'Shop', :no, :key, '', '[]', '', 'managers', :at)",
            no=False, key=b"", at=at)  # fmt: skip
        run("INSERT INTO accounts (id, merchant_id, email, name, role, method, password_hash, wants_second_factor, "
            "recovery_hashes, created_at) "
            "VALUES ('a', 'm', 'a@shop.example', '', 'agent', 'password', '', :no, '[]', :at)",
            no=False, at=at)  # fmt: skip
        for id, asked, received, repeat, *_rest in ROWS:
            stamp = f"{asked} 12:00:00" + ("+00:00" if engine.dialect.name == "postgresql" else ".000000")
            run("INSERT INTO exports (id, merchant_id, state, requested_by, requested_at, updated_at, repeat_of, "
                "channel, asked_in, subject_kind, sealed_subject, subject_index, ask_index, program_name, format, "
                "reference, reference_key, received_on, attempt, vendor_export_id, vendor_status, vendor_request_id, "
                "notes, problem_code, problem, next_step, turn, fetched_bytes, sha256, media_type, blob_name, verdict, "
                "checks, worker) VALUES (:id, 'm', 'ready', 'a', :stamp, :stamp, :repeat, 'web', '', 'email', :seal, "
                "'i', 'i', '', 'json', '', '', :received, 1, '', '', '', '[]', '', '', '', '', 0, '', '', '', '', "
                "'[]', '')",
                id=id, stamp=stamp, repeat=repeat, seal=b"", received=received)  # fmt: skip


def test_old_rows_get_their_request_their_days_and_their_standing(engine: Engine) -> None:
    up_to(engine, "0005")
    fill(engine)
    bring_up_to_date(engine)
    with engine.connect() as connection:
        found = {
            row.id: (row.request_id, str(row.month_ends_on), str(row.due_on), row.answer, row.answered_on)
            for row in connection.execute(
                text("SELECT id, request_id, month_ends_on, due_on, answer, answered_on FROM exports")
            )
        }
    assert found == {id: (request, str(ends), str(ends), answer, None)
                     for id, _asked, _received, _repeat, request, ends, answer in ROWS}  # fmt: skip


def test_going_back_takes_the_new_columns_away_and_keeps_the_rows(engine: Engine) -> None:
    up_to(engine, "0005")
    fill(engine)
    before = inspect(engine).get_columns("exports")
    bring_up_to_date(engine)
    migrate.downgrade(engine, "0005")
    looking = inspect(engine)
    assert {c["name"] for c in looking.get_columns("exports")} == {c["name"] for c in before}
    assert "answers" not in looking.get_table_names()
    assert not {i["name"] for i in looking.get_indexes("exports")} & {"ix_exports_answer", "ix_exports_request"}
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM exports")) == len(ROWS)
    bring_up_to_date(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM exports WHERE request_id IS NULL")) == 0
