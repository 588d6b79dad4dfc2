"""The service's tests run on both pairs: SQLite and a folder, PostgreSQL and an S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module", params=["sqlite-folder", "postgresql-s3"])
def desk(request: pytest.FixtureRequest, new_desk: Any) -> Iterator[Any]:
    """A portal with its workers running, shared by a module's tests, on each pair of stores."""
    places = {}
    if request.param == "postgresql-s3":
        fresh = {"database_url": "new_postgres", "blob_url": "new_bucket"}
        places = {setting: request.getfixturevalue(maker)() for setting, maker in fresh.items()}
    with new_desk(**places) as opened:
        assert opened.portal.db.engine.dialect.name == request.param.partition("-")[0]
        yield opened
