"""What is wrong with an address is said in our own words, in every language, whatever the library says."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import email_validator
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import InputError
from portal.exports.form import email_faults, request
from portal.exports.form.email_faults import NESTED, RULES, explain_email_error
from portal.language import LANGUAGES, catalogue_of

SOURCES = sorted(Path(email_validator.__file__).parent.glob("*.py"))
OURS = sorted({ours for _start, ours in RULES} | {email_faults.BLANK})
HEAD = "Enter the customer's email like name@example.com."


def beginning(node: ast.expr) -> str:
    """The fixed text a message begins with: of a plain text, an f-string or a sum."""
    if isinstance(node, ast.BinOp):
        return beginning(node.left)
    if isinstance(node, ast.JoinedStr):
        return beginning(node.values[0])
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ""


def messages() -> Iterator[tuple[str, str]]:
    """Where, and how it begins, for every message of an EmailSyntaxError in the library's source.

    `check_dot_atom` is handed its messages with a place for "period" or "hyphen".
    """
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            where = f"{path.name}:{node.lineno}"
            if node.func.id == "check_dot_atom":
                for text in node.args[1:]:
                    for sign in ("period", "hyphen"):
                        yield where, beginning(text).replace("{}", sign)
            elif node.func.id == "EmailSyntaxError":
                made_of_its_caller = isinstance(node.args[0], ast.Call)  # `start_descr.format(...)`: seen above
                if not made_of_its_caller:
                    yield where, beginning(node.args[0])


FOUND = sorted(set(messages()))


def test_the_messages_of_the_library_are_read_out_of_its_source() -> None:
    assert len(FOUND) > 45
    assert any(text.startswith("An email address cannot end with a hyphen") for _where, text in FOUND)


@pytest.mark.parametrize(("where", "text"), FOUND)
def test_every_message_of_the_library_has_a_sentence_of_ours(where: str, text: str) -> None:
    assert text, f"{where}: a message that begins with a value"
    if text != NESTED:
        assert explain_email_error(text, "x@y"), f"{where}: no rule for {text!r}"
        assert explain_email_error(NESTED + text, "x@y")


def test_no_rule_is_left_over() -> None:
    for start, _ours in RULES:
        assert any(text.startswith(start) for _where, text in FOUND), start


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
@pytest.mark.parametrize("ours", OURS)
def test_every_sentence_of_ours_is_translated_alone_and_in_its_place(ours: str, language: str) -> None:
    words = catalogue_of(language)
    assert words.sentence(ours) != ours
    whole = words.sentence(f"{HEAD} {ours}")
    assert ours not in whole and words.sentence(ours) in whole


def test_a_message_of_tomorrow_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email_faults, "RULES", ())
    with pytest.raises(InputError) as caught:
        request.check_email("ada@@example.com")
    assert caught.value.message == HEAD


@given(st.text(max_size=30).map(lambda text: text + "@example.com") | st.text(max_size=40).filter(lambda t: "@" in t))
def test_whatever_is_typed_only_our_sentences_are_said(typed: str) -> None:
    try:
        request.check_email(typed)
    except InputError as error:
        assert error.message.removeprefix(HEAD).strip() in OURS or "in full" in error.message
