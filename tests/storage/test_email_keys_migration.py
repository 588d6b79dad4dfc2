"""0013: accounts are looked up by a key of their email. Rows stay, up and down, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from portal.storage.engine import open_engine
from portal.storage.migrate import _migrating, _run
from portal.storage.tables import INDEX_FORM, Account, Merchant
from tests.storage.test_accounts_of_a_merchant_migration import INSERT_MERCHANT, add, emails, move


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    url = f"sqlite:///{tmp_path / 'p.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("new_postgres")()
    found = open_engine(url)
    with _migrating(found) as connection:
        _run(connection, "upgrade", "0012")
    with found.begin() as connection:
        connection.execute(text(INSERT_MERCHANT), {"id": "one", "no": False, "sealed": b"x"})
    yield found
    found.dispose()


def test_accounts_get_the_key_of_their_email_and_keep_the_email(engine: Any) -> None:
    add(engine, "a1", "one", "strasse@shop.example")  # perhaps typed as straße@: the older version merged them
    add(engine, "a2", "one", "kim@müller.example")
    before = emails(engine)
    move(engine, "upgrade", "0013")
    with engine.begin() as connection:
        keys = connection.execute(text("SELECT id, email_key FROM accounts ORDER BY id")).all()
        form = connection.scalar(text("SELECT index_form FROM merchants"))
    assert [tuple(key) for key in keys] == [("a1", "strasse@shop.example"), ("a2", "kim@xn--mller-kva.example")]
    assert emails(engine) == before
    assert form == 1 < INDEX_FORM == Merchant(name="new", sealed_index_keyset=b"").index_form
    move(engine, "downgrade", "0012")
    assert emails(engine) == before


def test_one_key_is_one_account_of_a_merchant() -> None:
    unique = [c for c in Account.__table__.constraints if getattr(c, "name", "") == "uq_accounts_merchant_email_key"]
    assert [[column.name for column in one.columns] for one in unique] == [["merchant_id", "email_key"]]  # type: ignore[attr-defined]
