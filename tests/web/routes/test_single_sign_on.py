"""Single sign-on through the gate, against a real OpenID provider process and against one that lies."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select
from starlette.applications import Starlette

from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.errors import TryLater
from portal.identity import Role, SignInRefused, throttle
from portal.identity.factors.single_sign_on import OidcTrouble, SeveralMerchants, UnknownFlow, identity_of
from portal.storage.tables import Account, AuditEntry, Throttle, utc_now
from portal.web.gate.middleware import Gate
from portal.web.routes.single_sign_on import oidc_routes
from tests.openid_provider import openid_provider, says

CLIENT, REDIRECT = "privacy-portal", "http://127.0.0.1:8501/auth/oidc/callback"
HERE = "203.0.113.5"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with openid_provider() as url:
        yield url


@pytest.fixture
def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    monkeypatch.setenv("PORTAL_OIDC_CLIENT_ID", CLIENT)
    monkeypatch.setenv("PORTAL_OIDC_CLIENT_SECRET", "not-a-real-secret")
    made = build_portal(Settings(data_dir=tmp_path))
    merchant = made.accounts.create_merchant("Shop")
    with made.db.write() as db:
        for who, method in (("sue", "oidc"), ("pat", "password")):
            db.add(Account(merchant_id=merchant, email=f"{who}@shop.example", role=Role.AGENT.value, method=method))
    yield made
    made.stop()


@pytest.fixture
def real(issuer: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PORTAL_OIDC_ISSUER", issuer)
    for who, verified in (("sue", True), ("pat", True), ("eve", True), ("unverified", False)):
        email = "sue@shop.example" if who == "unverified" else f"{who}@shop.example"
        claims = {"email": email, "email_verified": verified}
        httpx.put(f"{issuer}/users/{who}", json=claims).raise_for_status()
    return issuer


def consent(address: str, who: str) -> dict[str, str]:
    """What the person does at the provider; gives the callback's parameters."""
    answer = httpx.post(address, data={"sub": who, "action": "authorize"})
    assert answer.status_code == 302, answer.text[:300]
    assert answer.headers["location"].startswith(REDIRECT)
    return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def through(portal: Portal, who: str, merchant_id: str = "") -> str:
    flow = portal.single_sign_on.oidc_start(redirect_uri=REDIRECT, merchant_id=merchant_id)
    back = consent(flow.url, who)
    return portal.single_sign_on.oidc_finish(
        sealed_state=flow.sealed_state, state=back["state"], code=back["code"], redirect_uri=REDIRECT, address=HERE
    )


def test_an_invited_person_comes_in(real: str, portal: Portal) -> None:
    account = portal.accounts.user_for_account(through(portal, "sue"), origin="cli")
    assert account.email == "sue@shop.example"


@pytest.mark.keeps("ASVS-6.3.4", "ASVS-6.8.1")
@pytest.mark.parametrize("who", ["pat", "eve", "unverified"])
def test_nobody_else_does(real: str, portal: Portal, who: str) -> None:
    """An account with a password, an unknown email, and the right email unverified."""
    with pytest.raises(SignInRefused):
        through(portal, who)


def test_a_disabled_account_stays_out(real: str, portal: Portal) -> None:
    with portal.db.write() as db:
        db.query(Account).filter_by(email="sue@shop.example").one().disabled_at = utc_now()
    with pytest.raises(SignInRefused):
        through(portal, "sue")


def changes_of(portal: Portal) -> list[tuple[str, str, str]]:
    """Acts, results and reasons of the trail that tell who is meant by an account."""
    with portal.db.read() as db:
        rows = db.scalars(select(AuditEntry).order_by(AuditEntry.merchant_id, AuditEntry.seq))
        return [
            (row.action, row.result, row.facts.get("change") or row.facts.get("reason", ""))
            for row in rows
            if row.action in {"account:sign_on", "session:refused"}
        ]


def invited_elsewhere(portal: Portal) -> str:
    """Another merchant invites Sue's email; gives that merchant's id."""
    merchant_id = portal.accounts.create_merchant("Elsewhere & Co")
    portal.accounts.add_account(
        merchant_id=merchant_id, email="sue@shop.example", name="", role="agent", password=None, method="oidc",
        actor="cli", origin="cli",
    )  # fmt: skip
    return merchant_id


@pytest.mark.keeps("SEC-41")
def test_an_invitation_elsewhere_does_not_disturb_who_came_before(real: str, portal: Portal) -> None:
    first = through(portal, "sue")
    invited_elsewhere(portal)
    assert through(portal, "sue") == first


@pytest.mark.keeps("SEC-41")
def test_who_is_invited_at_two_merchants_names_one(real: str, portal: Portal) -> None:
    other = invited_elsewhere(portal)
    with pytest.raises(SeveralMerchants):
        through(portal, "sue")
    assert portal.single_sign_on.merchant_named(" elsewhere & CO ") == other
    nowhere = portal.single_sign_on.merchant_named("Nowhere")
    with pytest.raises(SeveralMerchants):
        through(portal, "sue", nowhere)
    account = through(portal, "sue", other)
    assert portal.accounts.user_for_account(account, origin="cli").merchant_id == other
    assert through(portal, "sue") == account, "the one used before"


@pytest.mark.keeps("SEC-41")
def test_two_merchants_whose_names_differ_by_a_letter_are_two(portal: Portal) -> None:
    first, second = (portal.accounts.create_merchant(name) for name in ("Strasse", "Straße"))
    assert (portal.single_sign_on.merchant_named("straße"), portal.single_sign_on.merchant_named("STRASSE")) == (
        second,
        first,
    )
    lower, upper = (portal.accounts.create_merchant(name) for name in ("corner", "CORNER"))
    assert (portal.single_sign_on.merchant_named("corner"), portal.single_sign_on.merchant_named("CORNER")) == (
        lower,
        upper,
    )
    assert portal.single_sign_on.merchant_named("Corner") not in (lower, upper), "either could be meant"


@pytest.mark.keeps("ASVS-10.5.2")
def test_an_address_that_passes_to_somebody_else_opens_nothing(real: str, portal: Portal) -> None:
    through(portal, "sue")
    says(real, "newcomer", "sue@shop.example")
    with pytest.raises(SignInRefused):
        through(portal, "newcomer")
    assert changes_of(portal) == [("account:sign_on", "ok", "bound"), ("session:refused", "refused", "oidc_identity")]


@pytest.mark.keeps("ASVS-10.5.2")
def test_who_gets_another_address_at_the_provider_stays_the_same_person(real: str, portal: Portal) -> None:
    first = through(portal, "sue")
    says(real, "sue", "sue.married@shop.example")
    assert through(portal, "sue") == first
    assert changes_of(portal) == [("account:sign_on", "ok", "bound")]


@pytest.mark.keeps("ASVS-10.5.2")
def test_a_manager_lets_somebody_known_anew_come_in(real: str, portal: Portal) -> None:
    first = through(portal, "sue")
    with portal.db.write() as db:
        merchant = db.get_one(Account, first).merchant_id
        boss = Account(merchant_id=merchant, email="boss@shop.example", role=Role.MANAGER.value)
        db.add(boss)
        db.flush()
        manager = boss.id
    value = portal.sessions.start_session(first, method="oidc", address=HERE, second_factor=True)
    says(real, "newcomer", "sue@shop.example")
    user = portal.accounts.user_for_account(manager, origin="cli")
    assert [row.sign_on_known for row in portal.accounts.rows(user)] == [False, False, True]
    portal.accounts.forget_sign_on(user, first)
    assert portal.sessions.check_cookie(value, touch=False).user is None
    assert through(portal, "newcomer") == first
    with pytest.raises(SignInRefused):
        through(portal, "sue")
    assert [change for _act, _result, change in changes_of(portal)] == ["bound", "forgotten", "bound", "oidc_identity"]


def test_what_is_kept_of_an_identity_names_nobody(real: str, portal: Portal) -> None:
    account = through(portal, "sue")
    with portal.db.read() as db:
        kept = db.get_one(Account, account).sign_on_identity
    assert kept is not None and len(kept) == 64 and "sue" not in kept
    assert kept != identity_of({"iss": "https://other.example", "sub": "sue"})


@pytest.mark.keeps("ASVS-10.1.2", "ASVS-10.2.1", "ASVS-10.5.1")
def test_a_code_of_one_flow_is_worth_nothing_in_another(real: str, portal: Portal) -> None:
    mine, theirs = (portal.single_sign_on.oidc_start(redirect_uri=REDIRECT) for _ in range(2))
    stolen = consent(theirs.url, "sue")
    for state in (stolen["state"], "", "x"):
        with pytest.raises(OidcTrouble):
            portal.single_sign_on.oidc_finish(
                sealed_state=mine.sealed_state, state=state, code=stolen["code"], redirect_uri=REDIRECT, address=HERE
            )
    mine_state = parse_qs(urlsplit(mine.url).query)["state"][0]
    with pytest.raises(OidcTrouble):  # the right state, but the nonce of another flow
        portal.single_sign_on.oidc_finish(
            sealed_state=mine.sealed_state, state=mine_state, code=stolen["code"], redirect_uri=REDIRECT, address=HERE
        )


@pytest.mark.keeps("ASVS-10.1.2")
@pytest.mark.parametrize("sealed_state", ["", "AAAA", "not base64 at all", "é", "A" * 3000])
def test_a_made_up_flow_cookie_is_refused(real: str, portal: Portal, sealed_state: str) -> None:
    with pytest.raises(OidcTrouble):
        portal.single_sign_on.oidc_finish(
            sealed_state=sealed_state, state="x", code="y", redirect_uri=REDIRECT, address=HERE
        )


def tries_of(portal: Portal, kind: str) -> int:
    """How many tries the address has been charged."""
    with portal.db.read() as db:
        row = db.get(Throttle, throttle.key_of(kind, HERE))
        return row.failures if row else 0


def finished(portal: Portal, sealed_state: str, state: str) -> None:
    portal.single_sign_on.oidc_finish(
        sealed_state=sealed_state, state=state, code="wrong", redirect_uri=REDIRECT, address=HERE
    )


def test_many_single_sign_on_tries_are_throttled_apart_from_passwords(real: str, portal: Portal) -> None:
    flow = portal.single_sign_on.oidc_start(redirect_uri=REDIRECT)
    state = parse_qs(urlsplit(flow.url).query)["state"][0]
    with pytest.raises(TryLater):
        for _ in range(30):
            try:
                finished(portal, flow.sealed_state, state)
            except OidcTrouble:
                continue
    assert tries_of(portal, "oidc") == throttle.ADDRESS.free + 1
    assert tries_of(portal, "address") == 0


def test_a_way_in_that_works_is_charged_to_nobody(real: str, portal: Portal) -> None:
    through(portal, "sue")
    assert (tries_of(portal, "oidc"), tries_of(portal, "address")) == (0, 0)


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("begun", [True, False])
def test_another_site_that_sends_browsers_to_the_callback_charges_them_nothing(
    real: str, portal: Portal, monkeypatch: pytest.MonkeyPatch, on: bool, begun: bool
) -> None:
    """Also while a flow is under way in that browser: its cookie comes with the request, its state does not."""
    kept = portal.single_sign_on.oidc_start(redirect_uri=REDIRECT).sealed_state if begun else ""
    if not on:
        monkeypatch.delenv("PORTAL_OIDC_ISSUER")
    for _ in range(40):
        with pytest.raises(UnknownFlow):
            finished(portal, kept, "guessed")
    assert (tries_of(portal, "oidc"), tries_of(portal, "address")) == (0, 0)


def test_an_unset_provider_is_off(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORTAL_OIDC_ISSUER", raising=False)
    assert not portal.single_sign_on.oidc_on
    with pytest.raises(OidcTrouble):
        portal.single_sign_on.oidc_start(redirect_uri=REDIRECT)


@pytest.mark.parametrize("url", ["http://login.shop.example", "ftp://x.example", "file:///etc/passwd", "nonsense"])
def test_a_provider_is_only_asked_over_https(portal: Portal, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("PORTAL_OIDC_ISSUER", url)
    with pytest.raises(OidcTrouble):
        portal.single_sign_on.oidc_start(redirect_uri=REDIRECT)


KEY, OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "one"})


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A provider that signs whatever `said["token"]` makes of the nonce it was sent."""
    said: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def answer(self, body: object) -> None:
            raw = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def do_GET(self) -> None:
            base = said["issuer"]
            if self.path == "/keys":
                self.answer({"keys": [KEY.as_dict(private=False)]})
            else:
                self.answer(
                    {
                        "issuer": base,
                        "authorization_endpoint": f"{base}/authorize",
                        "token_endpoint": f"{base}/token",
                        "jwks_uri": f"{base}/keys",
                    }
                )

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.answer({"id_token": said["token"]})

        def log_message(self, *_args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    said["issuer"] = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("PORTAL_OIDC_ISSUER", said["issuer"])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield said
    server.shutdown()
    server.server_close()


def finish_with(portal: Portal, liar: dict[str, Any], make: Callable[[dict[str, Any]], str]) -> str:
    flow = portal.single_sign_on.oidc_start(redirect_uri=REDIRECT)
    query = {k: v[0] for k, v in parse_qs(urlsplit(flow.url).query).items()}
    now = int(time.time())
    good = {
        "iss": liar["issuer"],
        "aud": CLIENT,
        "iat": now,
        "exp": now + 300,
        "nonce": query["nonce"],
        "sub": "sue",
        "email": "sue@shop.example",
        "email_verified": True,
    }
    liar["token"] = make(good)
    return portal.single_sign_on.oidc_finish(
        sealed_state=flow.sealed_state, state=query["state"], code="any", redirect_uri=REDIRECT, address=HERE
    )


def signed(claims: dict[str, Any], key: RSAKey = KEY) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)


def test_a_sound_token_of_the_test_provider_is_believed(portal: Portal, liar: dict[str, Any]) -> None:
    """Without this, every refusal below could come from the test's own mistake."""
    assert finish_with(portal, liar, signed)


NOW = int(time.time())
LIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another issuer": lambda c: signed({**c, "iss": "https://evil.example"}),
    "another audience": lambda c: signed({**c, "aud": "another-app"}),
    "many audiences, not for us": lambda c: signed({**c, "aud": [CLIENT, "another-app"], "azp": "another-app"}),
    "expired": lambda c: signed({**c, "exp": NOW - 600, "iat": NOW - 900}),
    "from the future": lambda c: signed({**c, "iat": NOW + 3600, "exp": NOW + 7200}),
    "another nonce": lambda c: signed({**c, "nonce": "x"}),
    "no nonce": lambda c: signed({k: v for k, v in c.items() if k != "nonce"}),
    "no subject": lambda c: signed({k: v for k, v in c.items() if k != "sub"}),
    "a subject that is none": lambda c: signed({**c, "sub": 7}),
    "no expiry": lambda c: signed({k: v for k, v in c.items() if k != "exp"}),
    "another key": lambda c: signed(c, OTHER_KEY),
    "a changed claim": lambda c: ".".join(
        (signed(c).split(".")[0], signed({**c, "sub": "eve"}).split(".")[1], signed(c).split(".")[2])
    ),
    "a shared secret": lambda c: jwt.encode({"alg": "HS256"}, c, OctKey.import_key("k" * 32), algorithms=["HS256"]),
    "no signature": lambda c: "eyJhbGciOiJub25lIn0." + signed(c).split(".")[1] + ".",
    "rubbish": lambda c: "rubbish",
    "nothing": lambda c: None,
    "a number": lambda c: 7,
}


@pytest.mark.keeps(
    "ASVS-6.8.2",
    "ASVS-9.1.1",
    "ASVS-9.1.2",
    "ASVS-9.1.3",
    "ASVS-9.2.1",
    "ASVS-9.2.2",
    "ASVS-9.2.3",
    "ASVS-10.5.1",
    "ASVS-10.5.3",
    "ASVS-10.5.4",
)
@pytest.mark.parametrize("lie", list(LIES))
def test_a_token_that_does_not_hold_signs_nobody_in(portal: Portal, liar: dict[str, Any], lie: str) -> None:
    with pytest.raises(OidcTrouble):
        finish_with(portal, liar, LIES[lie])


def test_the_whole_way_through_the_gate(real: str, portal: Portal) -> None:
    gate: Any = Gate(Starlette(routes=oidc_routes(lambda: portal)), lambda: portal)  # type: ignore[arg-type, return-value]

    async def story() -> tuple[httpx.Response, httpx.Response, httpx.Response]:
        transport = httpx.ASGITransport(app=gate)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501") as client:
            lured = await client.get("/auth/oidc", headers={"sec-fetch-site": "cross-site"})
            start = await client.get("/auth/oidc", headers={"sec-fetch-site": "same-origin"})
            back = await asyncio.to_thread(consent, start.headers["location"], "sue")
            done = await client.get("/auth/oidc/callback", params=back, headers={"sec-fetch-site": "cross-site"})
            return lured, start, done

    lured, start, done = asyncio.run(story())
    assert lured.status_code == 403
    flow = start.headers["set-cookie"]
    assert "SameSite=Lax" in flow
    assert "HttpOnly" in flow
    assert (done.status_code, done.headers["location"]) == (303, "/")
    session = next(c for c in done.headers.get_list("set-cookie") if c.startswith("portal_session="))
    assert "SameSite=Strict" in session
    user = portal.sessions.check_cookie(session.split(";")[0].partition("=")[2], touch=False).user
    assert user is not None
    assert user.email == "sue@shop.example"


@pytest.mark.keeps("ASVS-7.6.2", "ASVS-10.2.1")
def test_a_callback_out_of_the_blue_goes_home_with_the_reason(real: str, portal: Portal) -> None:
    gate: Any = Gate(Starlette(routes=oidc_routes(lambda: portal)), lambda: portal)  # type: ignore[arg-type, return-value]

    async def story() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=gate), base_url="http://127.0.0.1:8501"
        ) as client:
            return await client.get("/auth/oidc/callback?code=a&state=b")

    done = asyncio.run(story())
    cookies = done.headers.get_list("set-cookie")
    assert done.status_code == 303
    assert any(c.startswith("portal_notice=sso") for c in cookies)
    assert not any(c.startswith("portal_session=") for c in cookies)


def test_another_sites_callback_does_not_end_a_running_flow(real: str, portal: Portal) -> None:
    gate: Any = Gate(Starlette(routes=oidc_routes(lambda: portal)), lambda: portal)  # type: ignore[arg-type, return-value]

    async def story() -> httpx.Response:
        transport = httpx.ASGITransport(app=gate)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501") as client:
            start = await client.get("/auth/oidc", headers={"sec-fetch-site": "same-origin"})
            lured = await client.get("/auth/oidc/callback?code=a&state=b", headers={"sec-fetch-site": "cross-site"})
            assert not any("flow" in c for c in lured.headers.get_list("set-cookie"))
            back = await asyncio.to_thread(consent, start.headers["location"], "sue")
            return await client.get("/auth/oidc/callback", params=back, headers={"sec-fetch-site": "cross-site"})

    done = asyncio.run(story())
    assert any(c.startswith("portal_session=") for c in done.headers.get_list("set-cookie"))
