"""Comparisons run on both pairs of stores, as exports do."""

from __future__ import annotations

from tests.exports.conftest import desk as desk
