"""0012: an email is unique within a merchant. Rows stay, up and down, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal.storage.engine import open_engine
from portal.storage.migrate import EmailsShared, _migrating, _run

INSERT_MERCHANT = "INSERT INTO merchants (id, name, practice, sealed_index_keyset, api_url, download_hosts, time_zone, second_factor, created_at) VALUES (:id, :id, :no, :sealed, '', '[]', '', 'off', '2026-11-01 00:00:00')"  # noqa: E501
INSERT_ACCOUNT = "INSERT INTO accounts (id, merchant_id, email, name, role, method, password_hash, recovery_hashes, wants_second_factor, created_at, sign_on_identity) VALUES (:id, :merchant, :email, '', 'agent', 'password', '', '[]', :no, '2026-11-01 00:00:00', :identity)"  # noqa: E501


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    url = f"sqlite:///{tmp_path / 'p.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgres")()
    found = open_engine(url)
    yield found
    found.dispose()


def move(engine: Any, direction: Literal["upgrade", "downgrade"], to: str) -> None:
    with _migrating(engine) as connection:
        _run(connection, direction, to)


def add(engine: Any, id: str, merchant: str, email: str, identity: str | None = None) -> None:
    with engine.begin() as connection:
        values = {"id": id, "merchant": merchant, "email": email, "identity": identity, "no": False}
        connection.execute(text(INSERT_ACCOUNT), values)


def emails(engine: Any) -> list[tuple[str, str]]:
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT id, email FROM accounts ORDER BY id"))
        return [(row[0], row[1]) for row in rows]


@pytest.fixture
def before(engine: Any) -> Any:
    move(engine, "upgrade", "0011")
    with engine.begin() as connection:
        for merchant in ("one", "two"):
            connection.execute(text(INSERT_MERCHANT), {"id": merchant, "no": False, "sealed": b"x"})
    add(engine, "a1", "one", "kim@shop.example", "identity-of-kim")
    return engine


def test_an_email_is_unique_everywhere_before_and_within_a_merchant_after(before: Any) -> None:
    with pytest.raises(IntegrityError):
        add(before, "a2", "two", "kim@shop.example")
    move(before, "upgrade", "0012")
    add(before, "a2", "two", "kim@shop.example", "identity-of-kim")
    with pytest.raises(IntegrityError):
        add(before, "a3", "two", "kim@shop.example")
    with pytest.raises(IntegrityError):
        add(before, "a4", "two", "other@shop.example", "identity-of-kim")
    assert emails(before) == [("a1", "kim@shop.example"), ("a2", "kim@shop.example")]


def test_going_back_keeps_rows_and_refuses_in_words_with_a_shared_email(before: Any) -> None:
    move(before, "upgrade", "0012")
    add(before, "a2", "two", "kim@shop.example", "identity-of-kim")
    with pytest.raises(EmailsShared):
        move(before, "downgrade", "0011")
    with before.begin() as connection:
        connection.execute(text("UPDATE accounts SET email = 'kim.two@shop.example' WHERE id = 'a2'"))
    move(before, "downgrade", "0011")
    assert emails(before) == [("a1", "kim@shop.example"), ("a2", "kim.two@shop.example")]
    with pytest.raises(IntegrityError):
        add(before, "a3", "two", "kim@shop.example")
