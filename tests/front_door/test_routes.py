"""The routes through the gate alone: headers, other sites, the same bytes for everybody, nothing secret in any log."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from portal.storage.tables import AuditEntry, CaseMessage, DoorRequest
from portal.web.front_door.routes import front_door_routes
from portal.web.gate.middleware import Gate
from tests.front_door.conftest import Doorway

SAFE = {
    "referrer-policy": "no-referrer", "cache-control": "no-store", "x-robots-tag": "noindex, nofollow",
    "x-content-type-options": "nosniff",
}  # fmt: skip


@pytest.fixture
def browser(doorway: Doorway) -> Iterator[TestClient]:
    portal = doorway.portal
    app = Starlette(routes=front_door_routes(lambda: portal), middleware=[Middleware(Gate, source=lambda: portal)])
    with TestClient(app, base_url=portal.settings.origin, follow_redirects=False) as client:
        client.headers.update({"sec-fetch-site": "same-origin", "origin": "null"})
        yield client


def fields(doorway: Doorway, email: str, **more: str) -> dict[str, str]:
    return {"demand": "copy", "email": email, "note": "marmalade", "form": doorway.form(), "website": ""} | more


def test_a_person_asks_proves_and_writes_and_no_secret_is_logged(
    doorway: Doorway, browser: TestClient, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    email = doorway.email()
    asked = browser.post("/ask/shop-one", data=fields(doorway, email))
    assert asked.status_code == 303
    waiting = asked.headers["location"]
    code = doorway.code(email)
    assert browser.post(waiting, data={"code": f"{(int(code) + 1) % 10**6:06}"}).status_code == 403
    entered = browser.post(waiting, data={"code": f" {code[:3]} {code[3:]}"})
    mine, cookie = entered.headers["location"], str(browser.cookies.get("portal_asker"))
    set_cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in set_cookie and "SameSite=Strict" in set_cookie and "Max-Age=3600" in set_cookie
    assert browser.post(f"{mine}/message", data={"text": "quince jelly"}).status_code == 200
    assert browser.post(f"{mine}/also", data={"text": "4000-1234"}).status_code == 200
    page = browser.get(mine)
    assert "quince jelly" in page.text and "4000-1234" in page.text and "<script" not in page.text
    for answer in (page, browser.get("/ask/shop-one"), browser.get(f"/mine/{'x' * 43}"), asked):
        assert {name: answer.headers[name] for name in SAFE} == SAFE
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script" not in policy
    out = capfd.readouterr()
    with doorway.portal.db.read() as session:
        trail = repr([(one.facts, one.object_id, one.origin) for one in session.scalars(select(AuditEntry))])
    said = f"{out.out}{out.err}{caplog.text}{trail}"
    for secret in (email, code, waiting[6:], mine[6:], cookie, "marmalade", "quince", "4000-1234"):
        assert secret not in said, secret
    data = [path for path in doorway.portal.settings.root.rglob("*") if path.is_file()]
    for secret in (email, mine[6:], cookie, "quince jelly", "4000-1234"):
        assert not [path for path in data if secret.encode() in path.read_bytes()], secret


def test_known_and_unknown_people_get_the_same_bytes(doorway: Doorway, browser: TestClient) -> None:
    known = doorway.email()
    doorway.proved(known)
    doorway.later(known, hours=2)
    pages = []
    for email in (known, doorway.email()):
        asked = browser.post("/ask/shop-one", data=fields(doorway, email))
        shown = browser.get(asked.headers["location"])
        pages.append((asked.status_code, re.sub(r"/mine/[\w-]{43}", "", shown.text), dict(shown.headers)))
    assert pages[0] == pages[1]


def test_forms_from_elsewhere_other_methods_and_large_ones_do_nothing(doorway: Doorway, browser: TestClient) -> None:
    email = doorway.email()
    token, cookie = doorway.proved(email)
    other = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    browser.cookies.set("portal_asker", cookie)
    for path in ("/ask/shop-one", f"/mine/{token}", f"/mine/{token}/send-code", f"/mine/{token}/message"):
        assert browser.post(path, data=fields(doorway, email, text="x"), headers=other).status_code == 403
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
            assert browser.request(method, path).status_code in {403, 405}
    assert browser.get(f"/mine/{token}/message").status_code == 403
    large = browser.post(f"/mine/{token}/message", data={"text": "x" * 40_000})
    assert large.status_code == 400
    for path in ("/ask/", "/ask/a/b", f"/mine/{token}/files", "/mine/"):
        assert browser.get(path).status_code in {401, 403, 404}
    with doorway.portal.db.read() as session:
        case = doorway.case_of(email)
        assert session.scalars(select(CaseMessage).where(CaseMessage.case_id == case)).all() == []


def test_a_thousand_requests_without_a_code_change_nothing(doorway: Doorway, browser: TestClient) -> None:
    email = doorway.email()
    waiting, (token, _cookie) = doorway.ask(email), doorway.proved(doorway.email())
    with doorway.portal.db.read() as session:
        before = [(row.id, row.state, row.tries, row.sent) for row in session.scalars(select(DoorRequest))]
    cases = len(doorway.cases())
    for number in range(1_000):
        path = (f"/mine/{waiting}", f"/mine/{token}", "/ask/shop-one")[number % 3]
        browser.request(("GET", "HEAD")[number % 2], path, headers={"purpose": "prefetch"})
    for _ in range(20):
        browser.post(f"/mine/{waiting}", data={"code": ""})
        browser.post(f"/mine/{token}/message", data={"text": "x"})
    with doorway.portal.db.read() as session:
        assert [(row.id, row.state, row.tries, row.sent) for row in session.scalars(select(DoorRequest))] == before
    assert len(doorway.cases()) == cases
