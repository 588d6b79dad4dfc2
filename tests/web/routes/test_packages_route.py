"""Pages of a package over HTTP: out of the sealed ZIP, running nothing; the whole of it once approved."""

from __future__ import annotations

import io
import zipfile

import pytest
import pyzipper
from pydantic import SecretStr
from starlette.routing import Router
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from portal.cases.facts import Channel, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.package.encrypted import INNER
from portal.package.versions.ledger import new_place
from portal.storage.answering.package_tables import CasePackage, PackageKey
from portal.storage.case_tables import Case
from portal.storage.tables import utc_now
from portal.web.gate.visit import VISIT_KEY, Visit
from portal.web.routes.packages import package_routes

pytestmark = pytest.mark.keeps("SEC-23", "SEC-24", "SEC-40", "SEC-41")
PAGE = b"<!doctype html><html lang=en><h1>Ours</h1><script>alert(1)</script></html>"
ROOM = "answer-2026-0042"


@pytest.fixture(scope="module")
def package(server) -> tuple[str, str]:
    """A case of merchant one and a sealed version of its package, a draft."""
    portal = server.replica
    user = portal.accounts.user_for_account(server.ids["agent@one"], origin="cli")
    new = NewCase(
        identifiers=((IdentifierKind.EMAIL, SecretStr("packed@example.com")),),
        rights=frozenset({Right.ACCESS}), channel=Channel.EMAIL,
    )  # fmt: skip
    case_id = portal.case_intake.open(user, new).case_id
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{ROOM}/1-READ-ME-FIRST.html", PAGE)
        archive.writestr(f"{ROOM}/data/gift-cards.json", b"{}")
    with portal.db.write() as session:
        place = new_place(session.get_one(Case, case_id))
        key = portal.sealed.new_key(place)
        session.add(PackageKey(
            case_id=case_id, blob_name=place.blob_name, merchant_id=user.merchant_id, sealed_keyset=key
        ))  # fmt: skip
    with portal.sealed.sealing(place, key) as writer:
        writer.write(content.getvalue())
    with portal.db.write() as session:
        row = CasePackage(
            merchant_id=user.merchant_id, case_id=case_id, number=1, variant="access", language="en", outcome="yes",
            inputs="", profile_version=1, blob_name=place.blob_name, size_bytes=writer.size_bytes,
            sha256=writer.sha256, manifest_sha256="", file_count=2, built_by=user.account_id,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return case_id, row.id


def get(server, package: tuple[str, str], path: str, who: str = "agent@one"):
    cookie = server.cookie(who) if who else None
    with server.client(cookie) if cookie else server.client() as client:
        return client.get(f"/cases/{package[0]}/packages/{package[1]}/{path}")


def test_a_page_is_given_as_it_is_and_may_run_and_load_nothing(server, package: tuple[str, str]) -> None:
    answer = get(server, package, f"look/{ROOM}/1-READ-ME-FIRST.html")
    assert (answer.status_code, answer.content) == (200, PAGE)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and policy.startswith("sandbox")
    assert "allow-scripts" not in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store" and answer.headers["referrer-policy"] == "no-referrer"


def test_what_is_no_page_is_saved(server, package: tuple[str, str]) -> None:
    answer = get(server, package, f"look/{ROOM}/data/gift-cards.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="gift-cards.json"'


@pytest.mark.parametrize("path", ["look/nothing.html", f"look/{ROOM}/..%2f..%2fx.html", f"look/{ROOM}", "look/"])
def test_what_is_not_in_the_package_is_not_found(server, package: tuple[str, str], path: str) -> None:
    assert get(server, package, path).status_code in (400, 404)  # the gate takes no hidden slash


def test_signed_out_and_another_merchant_get_nothing(server, package: tuple[str, str]) -> None:
    for path in (f"look/{ROOM}/1-READ-ME-FIRST.html", "file", f"encrypted/{'0' * 32}"):
        assert get(server, package, path, who="").status_code == 401
        assert get(server, package, path, who="manager@two").status_code == 404
        assert get(server, package, path, who="auditor@one").status_code == 403


def test_a_draft_is_not_given_out_and_an_approved_one_whole(server, package: tuple[str, str]) -> None:
    assert get(server, package, "file").status_code == 409
    with server.replica.db.write() as session:
        session.get_one(CasePackage, package[1]).approved_at = utc_now()
    assert get(server, package, f"encrypted/{'0' * 32}").status_code == 409
    answer = get(server, package, "file")
    assert answer.status_code == 200 and answer.headers["content-disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.read(f"{ROOM}/1-READ-ME-FIRST.html") == PAGE


def test_an_encrypted_copy_is_sent_by_the_process_that_made_its_words(server, package: tuple[str, str]) -> None:
    portal = server.replica
    user = portal.accounts.user_for_account(server.ids["agent@one"], origin="cli")
    with portal.db.write() as session:
        session.get_one(CasePackage, package[1]).approved_at = utc_now()
    copy = portal.package_files.encrypt(user, *package)
    routes = Router(package_routes(lambda: portal))

    async def signed_in(scope: Scope, receive: Receive, send: Send) -> None:
        await routes({**scope, VISIT_KEY: Visit(user, "", "", "", "")}, receive, send)

    address = f"/cases/{package[0]}/packages/{package[1]}/encrypted/{copy.id}"
    saved = TestClient(signed_in).get(address)
    assert saved.headers["content-disposition"] == 'attachment; filename="answer-v1-encrypted.zip"'
    assert copy.words not in address + str(saved.headers)
    with pyzipper.AESZipFile(io.BytesIO(saved.content)) as archive:
        assert archive.read(INNER, pwd=copy.words.encode()).startswith(b"PK")
    assert get(server, package, f"encrypted/{copy.id}").status_code == 409  # another process
