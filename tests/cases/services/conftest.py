"""The services of cases run on both pairs of stores, as those of exports do."""

from __future__ import annotations

from tests.exports.conftest import desk as desk
