"""Attached files over HTTP: taken in from the portal's own page alone, given out to be saved and never opened."""

from __future__ import annotations

import http.client

import pytest
from pydantic import SecretStr

from portal.cases.facts import Channel, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.identity import User
from portal.systems.answering import MAX_FILE_BYTES
from portal.web.routes.attached_files import NAME_HEADER

pytestmark = pytest.mark.keeps("SEC-23", "SEC-24", "SEC-40", "SEC-41")
HTML = b"<html><script>alert(document.domain)</script></html>"


@pytest.fixture(scope="module")
def place(server) -> tuple[str, str]:
    """A case of merchant one, and one of its systems."""
    portal = server.replica

    def user(who: str) -> User:
        return portal.accounts.user_for_account(server.ids[who], origin="cli")

    new = NewCase(
        identifiers=((IdentifierKind.EMAIL, SecretStr("attached@example.com")),),
        rights=frozenset({Right.ACCESS}), channel=Channel.EMAIL,
    )  # fmt: skip
    case = portal.case_intake.open(user("agent@one"), new).case_id
    return case, portal.merchant_systems.add_system(user("manager@one"), "Till")


def put(server, place: tuple[str, str], data: bytes, who: str = "agent@one", **headers: str):
    own = {"origin": server.origin, "sec-fetch-site": "same-origin", NAME_HEADER: "Ada%20Qu%C3%ADll.html"}
    with server.client(server.cookie(who)) as client:
        return client.put(f"/cases/{place[0]}/systems/{place[1]}/files", content=data, headers={**own, **headers})


def announced(server, place: tuple[str, str], size: int) -> tuple[int, str]:
    """The answer to a file of which only the size was sent."""
    with server.client(server.cookie("agent@one")) as client:
        headers = client.build_request("PUT", "/").headers
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    line.putrequest("PUT", f"/cases/{place[0]}/systems/{place[1]}/files", skip_host=True)
    own = {"origin": server.origin, "sec-fetch-site": "same-origin", "content-length": str(size)}
    for name, value in {**headers, NAME_HEADER: "a.bin", **own}.items():
        line.putheader(name, value)
    line.endheaders()
    answer = line.getresponse()
    found = (answer.status, answer.read().decode())
    line.close()
    return found


def test_a_file_comes_in_and_goes_out_to_be_saved(server, place: tuple[str, str]) -> None:
    assert put(server, place, HTML).status_code == 204
    agent = server.replica.accounts.user_for_account(server.ids["agent@one"], origin="cli")
    (kept,) = server.replica.case_systems.attached(agent, place[0])[place[1]]
    assert kept.name == "Ada Quíll.html" and kept.size_bytes == len(HTML)
    with server.client(server.cookie("agent@one"), sec_fetch_site="same-origin") as client:
        answer = client.get(f"/cases/{place[0]}/files/{kept.id}")
        assert answer.content == HTML
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert (
            client.get(f"/cases/{place[0]}/files/{kept.id}", headers={"sec-fetch-site": "cross-site"}).status_code
            == 403
        )
    for who, status in (("auditor@one", 403), ("manager@two", 404)):
        with server.client(server.cookie(who), sec_fetch_site="same-origin") as client:
            assert client.get(f"/cases/{place[0]}/files/{kept.id}").status_code == status


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://other.example"}]
)
def test_another_sites_page_hands_nothing_in(server, place: tuple[str, str], headers: dict[str, str]) -> None:
    assert put(server, place, b"planted", **headers).status_code == 403


def test_nobody_signed_out_of_another_role_or_merchant_hands_anything_in(server, place: tuple[str, str]) -> None:
    with server.client() as client:
        assert client.put(f"/cases/{place[0]}/systems/{place[1]}/files", content=b"x").status_code == 401
    assert put(server, place, b"x", "auditor@one").status_code == 403
    assert put(server, place, b"x", "manager@two").status_code == 404


def test_what_is_refused_is_said_in_words(server, place: tuple[str, str]) -> None:
    empty = put(server, place, b"")
    assert (empty.status_code, empty.text) == (400, "This file is empty.")
    assert empty.headers["content-type"].startswith("text/plain")
    german = put(server, place, b"x" * 10, "auditor@one", **{"accept-language": "de"})
    assert german.text and "<" not in german.text


def test_too_large_a_file_is_refused_before_it_is_read_and_while_it_is(server, place: tuple[str, str]) -> None:
    assert announced(server, place, MAX_FILE_BYTES + 1) == (400, "A file may have at most 50 MB.")
    own = {"origin": server.origin, "sec-fetch-site": "same-origin"}
    piece = b"\0" * (1 << 20)
    with server.client(server.cookie("agent@one")) as client:
        answer = client.put(
            f"/cases/{place[0]}/systems/{place[1]}/files", content=(piece for _ in range(51)), headers=own
        )
    assert (answer.status_code, answer.text) == (400, "A file may have at most 50 MB.")
    agent = server.replica.accounts.user_for_account(server.ids["agent@one"], origin="cli")
    held = server.replica.case_systems.attached(agent, place[0]).get(place[1], [])
    assert MAX_FILE_BYTES not in {file.size_bytes for file in held}


def test_a_file_of_the_largest_size_comes_in_whole(server, place: tuple[str, str]) -> None:
    assert put(server, place, b"\0" * MAX_FILE_BYTES).status_code == 204


def test_a_file_in_the_place_of_another_comes_in_from_its_own_merchant_alone(server, place: tuple[str, str]) -> None:
    portal = server.replica
    agent = portal.accounts.user_for_account(server.ids["agent@one"], origin="cli")
    file = portal.case_systems.attach(agent, *place, "scan.pdf", [b"%PDF-1.7 to be replaced"])

    def given(who: str, data: bytes = b"%PDF-1.7 redacted", **headers: str) -> int:
        own = {"origin": server.origin, "sec-fetch-site": "same-origin", NAME_HEADER: "redacted.pdf"}
        with server.client(server.cookie(who) if who else None) as client:
            answer = client.put(f"/cases/{place[0]}/files/{file}/replacement", content=data, headers={**own, **headers})
            return int(answer.status_code)

    assert given("", origin=server.origin) == 401
    assert (given("auditor@one"), given("manager@two")) == (403, 404)
    assert given("agent@one", **{"sec-fetch-site": "cross-site"}) == 403
    assert given("agent@one") == 204
    found = next(one for one in portal.case_files.of_case(agent, place[0]) if one.id == file)
    assert found.replacement is not None and found.replacement.name == "redacted.pdf"
    assert not found.replacement.opened
