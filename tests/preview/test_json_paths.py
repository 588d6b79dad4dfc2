"""A path as a text names one value: reading it gives the steps it was made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.preview import read
from portal.preview.json.paths import path_text, steps_of

STEPS = st.lists(st.integers(0, 10**9) | st.text(st.characters(codec="utf-8"), max_size=8), max_size=8)


@given(STEPS)
def test_reading_a_path_gives_back_its_steps(steps: list[str | int]) -> None:
    assert steps_of(path_text(steps)) == tuple(steps)


@given(STEPS, STEPS)
def test_two_values_never_have_the_same_path(one: list[str | int], two: list[str | int]) -> None:
    assert (path_text(one) == path_text(two)) == ([type(s) for s in one] == [type(s) for s in two] and one == two)


@pytest.mark.parametrize("text", ["", "a", "$.", "$[", '$["a]', "$[a]", "$.a b", "line 1, column 2", "$[0]…"])
def test_a_text_that_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        steps_of(text)


def test_the_first_step_of_a_file_of_lines_counts_its_values_from_nought() -> None:
    preview = read(b'{"a": 1}\n{"a": 2}\n', "json")
    assert [steps_of(preview.tables[0].paths(row)[0]) for row in range(2)] == [(0, "a"), (1, "a")]
