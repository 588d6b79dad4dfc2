"""What came back is the format that was asked for, or it is not kept (SEC-8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.loyaltydog import EmptyFile, FileFormat, LoyaltyDogError, WrongMediaType
from portal.loyaltydog.media import check_first_bytes, check_media_type

pytestmark = pytest.mark.keeps("SEC-8")

GOOD: list[tuple[FileFormat, bytes]] = [
    ("json", b'{"a":1}'),
    ("json", b" \r\n[1]"),
    ("json", b'"text"'),
    ("json", b"null"),
    ("json", b"-1"),
    ("json", b"\xef\xbb\xbf{}"),
    ("json", '{"a":1}'.encode("utf-16")),
    ("json", '{"a":1}'.encode("utf-16-le")),
    ("json", '{"a":1}'.encode("utf-16-be")),
    ("csv", b"id,name\n1,Kim\n"),
    ("csv", b'"id","name"\n'),
    ("csv", b"\xef\xbb\xbfid;name\n"),
    ("csv", "id,name\n".encode("utf-16")),
    ("csv", b"[note] id,name\n"),
    ("csv", b"{x},name\n"),
    ("csv", b"\xe9t\xe9,nom\n"),
    ("csv", b"\n\nid,name\n"),
]
BAD: list[tuple[FileFormat, bytes]] = [
    (kind, body)
    for kind in ("json", "csv")
    for body in (
        b"<!DOCTYPE html><html>",
        b"\n  <html lang='en'>",
        b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
        b"\xef\xbb\xbf<html>",
        "<html>".encode("utf-16"),
        b"%PDF-1.7",
        b"PK\x03\x04....",
        b"\x1f\x8b\x08\x00",
        b"\x28\xb5\x2f\xfd",
        b"\x89PNG\r\n",
        b"\xd0\xcf\x11\xe0",
        b"SQLite format 3\x00",
        b"id\x00\x00\x00\x00",
    )
] + [("json", b"id,name\n"), ("json", b"Error: no"), ("csv", b'{"a":1}'), ("csv", b'[{"a":1}]'), ("csv", b"{}")]


@pytest.mark.parametrize(("expected", "body"), GOOD)
def test_first_bytes_of_the_asked_format_pass(expected: FileFormat, body: bytes) -> None:
    check_first_bytes(body, expected, complete=True)


@pytest.mark.parametrize(("expected", "body"), BAD)
def test_first_bytes_of_anything_else_are_refused(expected: FileFormat, body: bytes) -> None:
    with pytest.raises(WrongMediaType) as caught:
        check_first_bytes(body, expected, complete=True)
    assert "AccessDenied" not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe", b"\xef\xbb\xbf\n"])
@pytest.mark.parametrize("expected", ["json", "csv"])
def test_file_with_nothing_in_it_is_empty(expected: FileFormat, body: bytes) -> None:
    with pytest.raises(EmptyFile):
        check_first_bytes(body, expected, complete=True)


@given(st.binary(max_size=64), st.sampled_from(["json", "csv"]), st.booleans())
def test_any_bytes_pass_or_are_refused(body: bytes, expected: FileFormat, complete: bool) -> None:
    try:
        check_first_bytes(body, expected, complete=complete)
    except LoyaltyDogError as error:
        assert isinstance(error, (WrongMediaType, EmptyFile))


@pytest.mark.parametrize(
    ("header", "expected", "kept"),
    [
        (None, "json", None),
        ("application/json; charset=utf-8", "json", "application/json"),
        ("APPLICATION/JSON", "json", "application/json"),
        ("application/vnd.api+json", "json", "application/vnd.api+json"),
        ("binary/octet-stream", "csv", "binary/octet-stream"),
        ("text/csv;header=present", "csv", "text/csv"),
        ("application/json", "csv", "application/json"),
        ("text/plain", "csv", "text/plain"),
        ("text/csv", "json", "text/csv"),
        ("application/jsonl", "json", "application/jsonl"),
        ("application/x-jsonlines; charset=utf-8", "json", "application/x-jsonlines"),
        ("application/x-ndjson", "json", "application/x-ndjson"),
        ("application/json-seq", "json", "application/json-seq"),
        ("text/tab-separated-values", "csv", "text/tab-separated-values"),
        ("application/octet-stream", "json", "application/octet-stream"),
        ("application/x-unheard-of", "csv", "application/x-unheard-of"),
        ("", "csv", None),
        ("application/json, application/json", "json", None),
        ("nonsense\x00kim@example.com", "csv", None),
    ],
)
def test_media_type_that_may_hold_the_format_passes(header: str | None, expected: FileFormat, kept: str | None) -> None:
    assert check_media_type(header, expected) == kept


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("text/html; charset=utf-8", "json"),
        ("text/html", "csv"),
        ("application/xml", "json"),
        ("application/pdf", "csv"),
        ("application/zip", "json"),
        ("application/atom+xml", "json"),
        ("application/gzip", "csv"),
        ("application/epub+zip", "csv"),
        ("multipart/form-data", "json"),
        ("video/mp4", "csv"),
        ("image/svg+xml", "csv"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv"),
    ],
)
def test_media_type_of_something_else_is_refused(header: str, expected: FileFormat) -> None:
    with pytest.raises(WrongMediaType):
        check_media_type(header, expected)
