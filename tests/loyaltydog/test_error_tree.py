"""Errors carry two readers' facts and leak nothing to the wrong one."""

import pickle
import re

import pytest

from portal import loyaltydog
from portal.loyaltydog import FieldProblem, HostNotAllowed, LoyaltyDogError, TimedOut, errors

CANARY = "kim.canary@example.com"


def tree() -> list[type[LoyaltyDogError]]:
    """Those of this room; another may have its own below them."""
    found, todo = [], [LoyaltyDogError]
    while todo:
        kind = todo.pop()
        found.append(kind)
        todo += [each for each in kind.__subclasses__() if each.__module__.startswith("portal.loyaltydog")]
    return found


@pytest.mark.parametrize("kind", tree())
def test_every_error_survives_pickle_with_all_its_facts(kind: type[LoyaltyDogError]) -> None:
    error = kind(
        "host: reason",
        status=429,
        request_id="r-1",
        retry_after_seconds=3.5,
        delivery="answered",
        retryable=True,
        turn="nobody",
        message="m",
        next_step="n",
        vendor_says=CANARY,
        fields=(FieldProblem(("body", 0), CANARY),),
    )
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind and again.__dict__ == error.__dict__ and str(again) == str(error)


@pytest.mark.parametrize("kind", tree())
def test_repr_and_str_show_code_and_detail_only(kind: type[LoyaltyDogError]) -> None:
    error = kind("detail", message=CANARY, vendor_says=CANARY, fields=(FieldProblem(("body",), CANARY),))
    assert str(error) == f"{kind.code}: detail"
    assert CANARY not in repr(error) + str(error) + repr(error.args) + repr(error.fields)


def test_codes_are_stable_names_used_once() -> None:
    codes = [kind.code for kind in tree()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


@pytest.mark.parametrize("kind", tree())
def test_every_error_says_what_happened_and_what_comes_next_in_plain_words(kind: type[LoyaltyDogError]) -> None:
    for sentence in (kind.message, kind.next_step):
        assert sentence.endswith(".") and sentence[0].isupper()
        assert not re.search(r"(?i)\b(invalid|oops|sorry|please|http|status|exception|null)\b", sentence)


def test_tree_in_the_docstring_names_every_class_under_its_parent() -> None:
    rows = re.findall(r"^([ │├└─]*)(\w+)(?: +.*)?$", errors.__doc__ or "", re.M)
    drawn = {name: len(indent) // 4 for indent, name in rows if hasattr(loyaltydog, name)}

    def depth(kind: type) -> int:
        return kind.__mro__.index(LoyaltyDogError)

    assert drawn == {kind.__name__: depth(kind) + 1 for kind in tree()}


def test_time_out_before_sending_says_that_nothing_was_sent() -> None:
    assert "Nothing was sent" in TimedOut(delivery="never_sent").next_step
    assert "not known" in TimedOut(delivery="unknown").next_step
    assert "Nothing was changed" in TimedOut(delivery="unknown").as_read().next_step


def test_host_of_a_refusal_is_kept_for_the_manager() -> None:
    error = HostNotAllowed("files.example.net is not listed")
    error.host = "files.example.net"
    assert pickle.loads(pickle.dumps(error)).host == "files.example.net"
