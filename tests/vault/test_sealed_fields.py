"""Sealed fields open only where they were sealed; the blind index tells sameness within one merchant, nothing more."""

from __future__ import annotations

import pytest
import tink
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.errors import SealBroken
from portal.vault import FieldSealer, MasterKey

pytestmark = pytest.mark.keeps("SEC-26")

PLACE = {"merchant_id": "one", "table": "exports", "column": "subject", "row": "r1"}


@pytest.fixture(scope="module")
def sealer(tmp_path_factory: pytest.TempPathFactory) -> FieldSealer:
    return FieldSealer(MasterKey.open(tmp_path_factory.mktemp("key") / "master.json", create=True))


@pytest.fixture(scope="module")
def keysets(sealer: FieldSealer) -> dict[str, bytes]:
    return {merchant: sealer.new_index_keyset(merchant) for merchant in ("one", "two")}


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_a_value_comes_back_as_it_went_in(sealer: FieldSealer, value: str) -> None:
    sealed = sealer.seal(value, **PLACE)
    assert sealer.open(sealed, **PLACE) == value
    assert len(value) < 4 or value.encode() not in sealed
    assert sealer.seal(value, **PLACE) != sealed  # sameness does not show


@pytest.mark.parametrize("part", PLACE)
def test_a_value_copied_to_another_place_does_not_open(sealer: FieldSealer, part: str) -> None:
    sealed = sealer.seal("ada@example.com", **PLACE)
    with pytest.raises(SealBroken) as caught:
        sealer.open(sealed, **{**PLACE, part: "other"})
    assert "ada" not in str(caught.value) and caught.value.__suppress_context__


def test_parts_of_a_place_do_not_run_into_each_other(sealer: FieldSealer) -> None:
    sealed = sealer.seal("x", merchant_id="one", table="ab", column="c", row="r")
    with pytest.raises(SealBroken):
        sealer.open(sealed, merchant_id="one", table="a", column="bc", row="r")


@settings(max_examples=60)
@given(st.data())
def test_a_changed_value_does_not_open(sealer: FieldSealer, data: st.DataObject) -> None:
    sealed = bytearray(sealer.seal("ada@example.com", **PLACE))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealBroken):
        sealer.open(bytes(sealed), **PLACE)


@pytest.mark.parametrize("cut", [b"", b"\x01", None])
def test_a_cut_value_does_not_open(sealer: FieldSealer, cut: bytes | None) -> None:
    sealed = sealer.seal("ada@example.com", **PLACE)
    with pytest.raises(SealBroken):
        sealer.open(sealed[:-1] if cut is None else cut, **PLACE)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ada@example.com", "Ada@EXAMPLE.com", True),
        ("ada@example.com", "  ada@example.com\n", True),
        ("STRASSE@example.com", "straße@example.com", False),
        ("STRAẞE@example.com", "straße@example.com", True),
        ("ada@b\u00fccher.example", "Ada@XN--bcher-kva.example", True),
        ("jos\u00e9@example.com", "jose\u0301@example.com", True),
        ("ada@example.com", "ada@example.org", False),
        ("ada@example.com", "ada+1@example.com", False),
        ("a b", "ab", False),
    ],
)
def test_the_index_knows_the_same_person_however_typed(
    sealer: FieldSealer, keysets: dict[str, bytes], one: str, other: str, same: bool
) -> None:
    first, second = (sealer.index(v, merchant_id="one", wrapped_keyset=keysets["one"]) for v in (one, other))
    assert (first == second) is same


@given(st.text(st.characters(), max_size=60))
def test_the_index_says_nothing_across_merchants(sealer: FieldSealer, keysets: dict[str, bytes], value: str) -> None:
    one, two = (sealer.index(value, merchant_id=m, wrapped_keyset=keysets[m]) for m in ("one", "two"))
    assert one.partition(".")[0] != two.partition(".")[0] and len(one) == len(two) == 64 + 1 + 8  # pseudonym, key id
    assert one == sealer.index(value, merchant_id="one", wrapped_keyset=keysets["one"])


def test_an_index_key_of_one_merchant_does_not_serve_another(sealer: FieldSealer, keysets: dict[str, bytes]) -> None:
    with pytest.raises(tink.TinkError):
        sealer.index("x", merchant_id="two", wrapped_keyset=keysets["one"])
