"""Places are kept without what stood there, and each is left out once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.preview import AskedPerson, Place, read
from portal.preview.inspection.people import Own
from portal.preview.json.paths import path_text
from portal.redaction.places import Grain, tree_of
from portal.redaction.places import Place as Spliceable
from portal.redaction.reasons import Reason
from portal.review.defaults import PROPOSALS, Proposals, as_codes, from_codes
from portal.review.found.own import own_of
from portal.review.kinds import By, Choice, SecondReason
from portal.review.left_out import LeftOut, union, written
from portal.review.left_out import read as read_places
from portal.review.weighing import NothingLeft, is_own, second_of, tables_left_out

WORD = st.text(st.characters(codec="utf-8"), max_size=6)
SPAN = st.tuples(st.integers(0, 20), st.integers(1, 9)).map(lambda pair: (pair[0], pair[0] + pair[1]))
PLACES = st.builds(
    lambda table, row, column, steps, reason, span: LeftOut(
        Place(table, row, column), path_text(steps), reason, Grain.SPAN if span else Grain.VALUE, span
    ),
    WORD, st.integers(0, 99), WORD, st.lists(st.sampled_from(["a", "b c", 0, 1]), min_size=2, max_size=2),
    st.sampled_from(Reason), st.none() | SPAN,
)  # fmt: skip


@given(st.lists(PLACES, max_size=12))
def test_places_are_read_as_they_were_written(places: list[LeftOut]) -> None:
    assert read_places(written(places)) == tuple(places)


@given(st.lists(PLACES, max_size=12))
def test_the_union_of_decisions_never_overlaps_and_loses_nothing(places: list[LeftOut]) -> None:
    found = union(places)
    tree_of(Spliceable(n, one.steps, one.reason, one.grain, one.span) for n, one in enumerate(found, 1))
    for one in places:
        first, last = one.span or (0, 10**9)
        assert any(
            other.path == one.path
            and (other.grain is Grain.VALUE or (other.span and other.span[0] <= first and last <= other.span[1]))
            for other in found
        )


def test_a_place_of_a_csv_file_is_its_line_and_field() -> None:
    table = read(b"name,email\nAda,a@example.com\n", "csv").tables[0]
    path = table.paths(0)[1]
    assert LeftOut(Place(table.name, 0, "email"), path, Reason.STAFF).steps == (2, 1)


def test_every_kind_and_attribute_has_a_proposal_that_survives_storing() -> None:
    changed = {key: Choice.KEEP for key in PROPOSALS}
    assert from_codes(as_codes(changed)) == changed
    key = next(iter(PROPOSALS))
    assert Proposals({key: Choice.KEEP}).of(*key).choice is Choice.KEEP
    assert from_codes({"no such:line": "keep", f"{key[0]}:{key[1]}": "no such choice"}) == {}


FILE = read(b'{"people": [{"name": "A B", "email": "x@example.org"}, {"name": "C D", "email": ""}]}', "json")
OUT = [
    LeftOut(Place("people", row, column), f"$.people[{row}].{column}", Reason.NOT_THEIRS)
    for row, column in ((0, "name"), (0, "email"), (1, "name"))
]


# RED-10
def test_leaving_out_everything_is_refused_as_a_refusal() -> None:
    with pytest.raises(NothingLeft):
        tables_left_out(FILE, OUT)
    assert tables_left_out(FILE, OUT[:2]) == set()


# RED-9
def test_a_table_left_out_whole_is_told_by_its_name() -> None:
    both = read(
        b'{"kept": [{"a": 1}], "people": [{"name": "A B", "email": "x"}, {"name": "C D", "email": ""}]}', "json"
    )
    assert tables_left_out(both, OUT) == {"people"}
    assert second_of(OUT, [], NOBODY, By.RULE, {"people"}) is SecondReason.WHOLE_TABLE


NOBODY = Own(frozenset(), frozenset(), frozenset(), frozenset())


# RED-8
@pytest.mark.parametrize("text", ["ADA@example.com", "c1-0001", "+1 (202) 555-0100"])
def test_what_the_asked_person_is_known_by_is_their_own(text: str) -> None:
    data = b'{"customer": {"id": "c1-0001", "email": "ada@example.com", "phone": "+1 202-555-0100"}}'
    own = own_of(read(data, "json"), AskedPerson(email="ada@example.com"))
    assert is_own(text, own) and not is_own("bob@example.com", own)
