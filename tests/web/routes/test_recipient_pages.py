"""The pages of a link over HTTP: plain, headed, shut to all else, and the file in one piece or in two."""

from __future__ import annotations

import hashlib
import io
import itertools
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from portal.delivery.kinds import DeliveryState
from portal.delivery.recipient import LinkEnded
from portal.web.gate.middleware import Gate
from portal.web.routes.recipient import OPENED_AT_ONCE, recipient_routes
from tests.delivery.conftest import Given, KeptPost
from tests.delivery.conftest import at as at
from tests.delivery.conftest import given as given
from tests.delivery.conftest import post as post
from tests.exports.conftest import desk as desk
from tests.sources.conftest import opened as opened

pytestmark = pytest.mark.keeps("DLV-1", "DLV-2", "DLV-6", "DLV-7", "DLV-12", "SEC-30", "SEC-31", "SEC-44")
WRONG = "ABCDE-FGH12"


@pytest.fixture
def browser(desk: Any, post: KeptPost) -> Iterator[TestClient]:
    """The gate and these routes alone: nothing of Streamlit runs."""
    app = Starlette(
        routes=recipient_routes(lambda: desk.portal),
        middleware=[Middleware(Gate, source=lambda: desk.portal)],
    )
    origin = desk.portal.settings.origin
    with TestClient(app, base_url=origin, follow_redirects=False) as client:
        client.headers.update({"sec-fetch-site": "same-origin", "origin": "null"})
        yield client


def cookie_of(browser: TestClient) -> str:
    return str(browser.cookies.get("portal_answer"))


def test_the_person_gets_the_file_without_streamlit(given: Given, browser: TestClient) -> None:
    delivery, token, code = given.sent()
    first = browser.get(f"/r/{token}")
    assert first.status_code == 200 and 'name="code"' in first.text and "<script" not in first.text
    went_on = browser.post(f"/r/{token}", data={"code": code.lower()})
    assert (went_on.status_code, went_on.headers["location"]) == (303, f"/r/{token}/files")
    files = browser.get(f"/r/{token}/files")
    view = given.view(delivery)
    assert files.status_code == 200 and view.sha256 in files.text
    file = browser.post(f"/r/{token}/file")
    assert file.status_code == 200 and hashlib.sha256(file.content).hexdigest() == view.sha256
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        inside = [one.filename.partition("/")[2] for one in archive.infolist()]
    assert re.findall(r"<li>(\S+) <span>[\d.,]+ k?B</span></li>", files.text) == inside
    assert inside[0] not in first.text and inside[0] == "1-READ-ME-FIRST.html"
    assert re.fullmatch(r'attachment; filename="answer-\d{4}-\d{4,}\.zip"', file.headers["content-disposition"])
    assert int(file.headers["content-length"]) == len(file.content)
    assert given.view(delivery).state is DeliveryState.COMPLETED


def test_each_page_forbids_scripts_referrers_keeping_and_finding(given: Given, browser: TestClient) -> None:
    _delivery, token, code = given.sent()
    answers = [
        browser.get(f"/r/{token}"),
        browser.get(f"/r/{'x' * 43}"),
        browser.post(f"/r/{token}", data={"code": ""}),
    ]
    answers += [browser.post(f"/r/{token}", data={"code": code}), browser.get(f"/r/{token}/files")]
    answers += [browser.post(f"/r/{token}/file"), browser.post(f"/r/{token}/not-mine")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["permissions-policy"]
        assert "http://" not in answer.text and "https://" not in answer.text


def test_the_cookie_is_for_the_answer_only_and_short(given: Given, browser: TestClient) -> None:
    _delivery, token, code = given.sent()
    set_cookie = browser.post(f"/r/{token}", data={"code": code}).headers["set-cookie"]
    assert set_cookie.startswith("portal_answer=") and "Max-Age=900" in set_cookie
    assert "HttpOnly" in set_cookie and "SameSite=Strict" in set_cookie and "Path=/" in set_cookie


METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "POST")
PATHS = ("", "/files", "/file", "/not-mine", "/send-code")
SCANNERS: tuple[dict[str, str], ...] = tuple(
    {name: value} if name else {}
    for name, value in (
        ("", ""), ("purpose", "prefetch"), ("sec-purpose", "prefetch;prerender"), ("user-agent", "OneOutlook"),
        ("user-agent", ""),
    )
)  # fmt: skip


def test_a_thousand_requests_without_the_code_change_nothing(
    given: Given, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.web.gate.limits.AnonymousRequests.enter", lambda *_: True)  # all of them get through
    delivery, token, _code = given.sent()
    before = given.view(delivery), given.facts(), len(given.post.mails)
    asked = 0
    while asked < 1_000:
        for method, path, headers in itertools.product(METHODS, PATHS, SCANNERS):
            browser.request(method, f"/r/{token}{path}", headers=headers)
            asked += 1
    assert (given.view(delivery), given.facts(), len(given.post.mails)) == before


def test_a_flood_of_requests_is_refused_for_its_address(given: Given, browser: TestClient) -> None:
    _delivery, token, _code = given.sent()
    assert {browser.get(f"/r/{token}").status_code for _ in range(300)} == {200, 429}


def test_forms_from_elsewhere_are_refused(given: Given, browser: TestClient) -> None:
    delivery, token, code = given.sent()
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://elsewhere.example"},
        {"sec-fetch-site": "same-site", "origin": "null"},
        {"sec-fetch-site": "none"},
    ):
        assert browser.post(f"/r/{token}", data={"code": code}, headers=headers).status_code == 403
    assert given.view(delivery).state is DeliveryState.SENT


def test_an_unknown_and_a_mistyped_address_are_the_same_bytes(given: Given, browser: TestClient) -> None:
    _delivery, token, _code = given.sent()
    pages = {
        (answer.status_code, answer.content)
        for address in ("x" * 43, token[:-1], token + ".", token.swapcase(), "a", "%00", "..%2f..")
        if (answer := browser.get(f"/r/{address}")).status_code != 401
    }
    assert len(pages) == 1 and next(iter(pages))[0] == 404


@pytest.mark.parametrize("end", ["expired", "taken back", "not mine"])
def test_an_ended_link_names_whom_to_ask_and_tells_nothing(
    given: Given, browser: TestClient, at: Callable[..., None], end: str
) -> None:
    delivery, token, code = given.sent()
    if end == "expired":
        at(delivery, days=20)
    elif end == "taken back":
        given.deliveries.take_back(given.user(), given.case, delivery)
    else:
        browser.post(f"/r/{token}", data={"code": code})
        assert "Thank you" in browser.post(f"/r/{token}/not-mine").text
    for answer in (browser.get(f"/r/{token}"), browser.post(f"/r/{token}", data={"code": code})):
        assert answer.status_code == 410 and "privacy@brookandbean.example.com" in answer.text
        assert given.email not in answer.text


def test_a_broken_download_goes_on_where_it_broke(given: Given, browser: TestClient) -> None:
    delivery, token, cookie = given.opened()
    whole = b"".join(given.recipient.fetch(token, cookie, address="-").chunks)
    half = given.recipient.fetch(token, cookie, address="-")
    broken = next(half.chunks)[:100]
    half.chunks.close()
    reached_in_tests(given, delivery, len(broken))
    browser.cookies.set("portal_answer", cookie)
    sha256 = given.view(delivery).sha256
    other = browser.post(f"/r/{token}/file", headers={"range": "bytes=100-", "if-range": '"another"'})
    assert (other.status_code, other.content) == (200, whole)
    rest = browser.post(f"/r/{token}/file", headers={"range": "bytes=100-", "if-range": f'"{sha256}"'})
    assert rest.status_code == 206 and broken + rest.content == whole
    assert rest.headers["content-range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
    assert given.view(delivery).downloads_left == 0


def reached_in_tests(given: Given, delivery: str, reached: int) -> None:
    """The package of a test is one chunk, of which a cut stream took this much."""
    from sqlalchemy import select

    from portal.storage.answering.delivery_tables import DeliveryFetch

    with given.desk.portal.db.write() as session:
        wanted = select(DeliveryFetch).where(DeliveryFetch.delivery_id == delivery, DeliveryFetch.whole_at.is_(None))
        session.scalars(wanted).one().reached = reached


def test_few_packages_are_opened_at_once_however_many_ask(
    given: Given, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _delivery, token, _cookie = given.opened()
    lock, running, most = threading.Lock(), 0, 0

    def fetch(*_: object, **__: object) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        raise LinkEnded

    monkeypatch.setattr(given.desk.portal.recipient, "fetch", fetch)
    with ThreadPoolExecutor(8) as clients:
        told = list(clients.map(lambda _: browser.post(f"/r/{token}/file").status_code, range(8)))
    assert len(told) == 8 and most == OPENED_AT_ONCE


def test_who_gets_no_turn_in_time_is_told_when_to_come_back(
    given: Given, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery, token, cookie = given.opened()
    browser.cookies.set("portal_answer", cookie)
    began, over = threading.Semaphore(0), threading.Event()
    verify = given.recipient.fetching.sealed.chunks

    def slowly(*args: Any) -> Any:
        began.release()
        over.wait(20)
        return verify(*args)

    monkeypatch.setattr("portal.web.routes.recipient.WAIT_SECONDS", 0.05)
    monkeypatch.setattr(given.recipient.fetching.sealed, "chunks", slowly)
    with ThreadPoolExecutor(OPENED_AT_ONCE) as clients:
        running = [clients.submit(browser.post, f"/r/{token}/file") for _ in range(OPENED_AT_ONCE)]
        for _ in running:
            began.acquire(timeout=20)
        late = browser.post(f"/r/{token}/file")
        over.set()
        assert [one.result().status_code for one in running] == [200, 200]
    assert late.status_code == 503 and int(late.headers["retry-after"]) > 0
    assert "press the button again" in late.text and "Get the file" in late.text
    assert given.view(delivery).downloads_left == 1
    assert browser.post(f"/r/{token}/file").status_code == 200


def test_a_middle_nobody_began_is_not_given_apart(given: Given, browser: TestClient) -> None:
    _delivery, token, cookie = given.opened()
    browser.cookies.set("portal_answer", cookie)
    answer = browser.post(f"/r/{token}/file", headers={"range": "bytes=5-"})
    assert answer.status_code == 200 and answer.content[:2] == b"PK"


def test_after_three_downloads_the_link_is_closed(given: Given, browser: TestClient) -> None:
    delivery, token, cookie = given.opened()
    browser.cookies.set("portal_answer", cookie)
    assert [browser.post(f"/r/{token}/file").status_code for _ in range(4)] == [200, 200, 200, 410]
    assert given.view(delivery).state is DeliveryState.CLOSED
    assert "Get the file" not in browser.get(f"/r/{token}/files").text
    browser.post(f"/r/{token}/not-mine")
    assert given.view(delivery).state is DeliveryState.REVOKED


def test_a_member_is_no_recipient_and_a_recipient_no_member(given: Given, browser: TestClient, desk: Any) -> None:
    _delivery, token, cookie = given.opened()
    maya = desk.user("maya", "two")
    signed_in = desk.portal.sessions.start_session(
        maya.account_id, method="password", address="127.0.0.1", second_factor=False
    )
    browser.cookies.set("portal_session", signed_in)
    assert browser.get(f"/r/{token}/files").status_code == 303
    browser.cookies.clear()
    browser.cookies.set("portal_session", cookie)
    browser.cookies.set("portal_answer", cookie)
    for path in (f"/cases/{given.case}/packages/{given.package}/file", "/exports/list.csv", "/audit/trail.jsonl"):
        assert browser.get(path).status_code == 401


def test_a_form_too_large_for_a_code_is_no_code(given: Given, browser: TestClient) -> None:
    delivery, token, code = given.sent()
    assert browser.post(f"/r/{token}", data={"code": code, "more": "x" * 9000}).status_code == 400
    assert browser.post(f"/r/{token}", json={"code": code}).status_code == 400
    assert given.view(delivery).wrong_codes == 0


def test_pages_speak_the_language_of_the_case_and_unknown_ones_the_browsers(given: Given, browser: TestClient) -> None:
    from portal.storage.answering.delivery_tables import Delivery

    delivery, token, _code = given.sent()
    for language in ("en", "de", "fr", "es", "it", "nl"):
        with given.desk.portal.db.write() as session:
            session.get_one(Delivery, delivery).language = language
        own = browser.get(f"/r/{token}", headers={"accept-language": "en"})
        assert f'<html lang="{language}" dir="ltr">' in own.text
        unknown = browser.get(f"/r/{'x' * 43}", headers={"accept-language": f"{language}-XX"})
        assert f'<html lang="{language}"' in unknown.text


def test_neither_token_nor_code_stands_in_any_log_or_audit_entry(
    given: Given, browser: TestClient, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    from sqlalchemy import select

    from portal.storage.tables import AuditEntry

    delivery, token, code = given.sent()
    browser.post(f"/r/{token}", data={"code": WRONG})
    browser.post(f"/r/{token}", data={"code": code})
    cookie = cookie_of(browser)
    browser.post(f"/r/{token}/file")
    browser.post(f"/r/{token}/not-mine")
    browser.post(f"/r/{token}/file")
    out = capfd.readouterr()
    with given.desk.portal.db.read() as session:
        trail = repr([(one.facts, one.object_id, one.origin) for one in session.scalars(select(AuditEntry))])
    said = f"{out.out}{out.err}{caplog.text}{trail}"
    assert delivery in trail
    for secret in (token, cookie, code, code.replace("-", "")):
        assert secret not in said
    files = [path for path in Path(given.desk.portal.settings.root).rglob("*.db*") if path.is_file()]
    assert not [path for path in files for secret in (token, cookie) if secret.encode() in path.read_bytes()]
