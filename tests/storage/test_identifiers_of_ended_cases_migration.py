"""Cases whose words are destroyed come due once more, for what their person is known by; rows stay, up and down."""

from __future__ import annotations

from sqlalchemy import Engine, text

from portal.storage import migrate
from portal.storage.migrate import bring_up_to_date
from tests.storage.test_answers_migration import up_to
from tests.storage.test_case_retention_migration import cases
from tests.storage.test_case_retention_migration import engine as engine

BEFORE = "0038"


def asked(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT export_id, sealed_subject FROM export_asked ORDER BY export_id")))


def test_destroyed_cases_come_due_once_more_and_no_row_is_lost(engine: Engine) -> None:
    up_to(engine, BEFORE)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE cases SET facts_destroyed_at = destroy_facts_after WHERE closed_at IS NOT NULL")
        )  # fmt: skip
    before, rows = cases(engine), asked(engine)
    assert rows and any(one for (one,) in cases(engine, "facts_destroyed_at"))
    bring_up_to_date(engine)
    assert not any(one for (one,) in cases(engine, "facts_destroyed_at"))
    assert (cases(engine), asked(engine)) == (before, rows)
    with engine.begin() as connection:
        connection.execute(text("UPDATE export_asked SET sealed_subject = NULL"))
    migrate.downgrade(engine, BEFORE)
    assert [bytes(sealed) for _id, sealed in asked(engine)] == [b""] * len(rows) and cases(engine) == before
    bring_up_to_date(engine)
