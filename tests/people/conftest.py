"""The finder runs on both pairs of stores, as the services of exports do."""

from __future__ import annotations

from tests.exports.conftest import desk as desk
