"""The section of a law: what names one is taken, a sentence or a name is not."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.redaction.law_section import LONGEST, law_section


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("§ 29 BDSG", "§ 29 BDSG"),
        ("§29  Abs. 1 BDSG", "§ 29 Abs. 1 BDSG"),
        ("§ 34 Abs. 1 Nr. 2 lit. a BDSG", "§ 34 Abs. 1 Nr. 2 lit. a BDSG"),
        ("DPA 2018 Sch. 2 para. 14", "DPA 2018 Sch. 2 para. 14"),
        ("Art. 23(1) RGPD", "Art. 23(1) RGPD"),
        ("artículo 23.1 LOPDGDD", "artículo 23.1 LOPDGDD"),
        ("Artikel 41 lid 1 UAVG", "Artikel 41 lid 1 UAVG"),
        ("§ 203 StGB", "§ 203 StGB"),
        ("section 1798.145 CCPA", "section 1798.145 CCPA"),
    ],
)
def test_a_section_is_taken_with_single_blanks(typed: str, kept: str) -> None:
    assert law_section(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "BDSG", "29 BDSG", "§ 29", "BERG 2", "ANNA BERG § 2", "Anna Berg said so", "§ 29 BDSG because Rosa asked",
     "§ 29 rosa@example.com BDSG", "§ 1 " * 12 + "BDSG", "§ BDSG"],
)  # fmt: skip
def test_anything_else_is_refused(typed: str) -> None:
    assert law_section(typed) is None


@given(st.text(alphabet=string.printable + "§äé", max_size=80))
def test_what_is_taken_is_short_and_taken_again(typed: str) -> None:
    kept = law_section(typed)
    assert kept is None or (len(kept) <= LONGEST and law_section(kept) == kept and kept.isprintable())
