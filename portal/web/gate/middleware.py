"""The gate: the one outermost middleware, around every HTTP request and WebSocket (SEC-31, SEC-32).

Identity comes only from the HttpOnly cookie of this request, resolved in the session table. `x-portal-*` headers of the
browser are dropped. What `access` does not open is closed.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.exports.history.changes import marks
from portal.identity import AllowedSockets, SessionState, User
from portal.language import best_language, current_language
from portal.log import log
from portal.web.gate import connections, cookies
from portal.web.gate.access import READING, SOCKET_PATH, Access, access_of
from portal.web.gate.authorities import Authorities
from portal.web.gate.headers import security_headers
from portal.web.gate.limits import (
    CALENDARS_IN_ALL,
    CALENDARS_OF_ADDRESS,
    DOORS_IN_ALL,
    DOORS_OF_ADDRESS,
    RECIPIENTS_IN_ALL,
    RECIPIENTS_OF_ADDRESS,
    AnonymousRequests,
    AnonymousSockets,
    Budgets,
    SocketLimits,
)
from portal.web.gate.live import LiveSockets, Opened
from portal.web.gate.plain import page
from portal.web.gate.socket import POLICY, TRY_LATER, SessionCheck, SocketGuard
from portal.web.gate.visit import VISIT_KEY, Addresses, Visit, browser_hash
from portal.web.portal_shape import PortalSource
from portal.web.streamlit import front_end, gate_headers
from portal.web.streamlit.change_watch import ChangeWatch
from portal.web.streamlit.shell import shells

OUR_HEADERS = b"x-portal-"
NONCE_PATH = "/_stcore/host-config"  # same-origin fetch before the socket opens, so Strict cookies are seen


class Gate:
    """ASGI middleware. `source` gives the running portal; it is called at the first request."""

    def __init__(
        self,
        app: ASGIApp,
        source: PortalSource,
        limits: SocketLimits | None = None,
        ports: tuple[int, ...] = (),
    ) -> None:
        self.app = app
        self._source = source
        self._ports = ports
        self.sockets = AnonymousSockets(limits or SocketLimits())
        self._anonymous = {
            Access.CALENDAR: AnonymousRequests(CALENDARS_OF_ADDRESS, CALENDARS_IN_ALL),
            Access.RECIPIENT: AnonymousRequests(RECIPIENTS_OF_ADDRESS, RECIPIENTS_IN_ALL),
            Access.FRONT_DOOR: AnonymousRequests(DOORS_OF_ADDRESS, DOORS_IN_ALL),
        }
        self._budgets = Budgets(self.sockets.limits)
        self._live = LiveSockets(self._live_sessions)
        self._changes = ChangeWatch(self._marks)
        self._ready = False

    def _prepare(self) -> None:
        """Read the settings and Streamlit's page once. Raises front_end.UnknownFrontEnd."""
        self._portal = self._source()
        settings = self._portal.settings
        self._names = cookies.CookieNames.of(settings)
        self._authorities = Authorities(settings, self._ports)
        self._addresses = Addresses(settings)
        self._headers = security_headers(settings)
        self._shells = shells(front_end.index_html())
        self._ready = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        if not self._ready:
            self._prepare()
        scope = dict(scope)
        scope["headers"] = [(k, v) for k, v in scope["headers"] if not k.lower().startswith(OUR_HEADERS)]
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._websocket(scope, receive, send)

    async def _find_user(self, cookie_value: str, *, touch: bool) -> tuple[User | None, str]:
        """The cookie's user, or the reason why there is none (empty: unknown value)."""
        if not cookie_value:
            return None, ""
        sessions = self._portal.sessions
        state = await anyio.to_thread.run_sync(lambda: sessions.check_cookie(cookie_value, touch=touch))
        return state.user, state.ended

    async def _live_sessions(self, session_hashes: Collection[str]) -> Mapping[str, AllowedSockets]:
        return await anyio.to_thread.run_sync(self._portal.sessions.live_sessions, session_hashes)

    async def _marks(self, merchant_ids: Collection[str]) -> Mapping[str, str]:
        return await anyio.to_thread.run_sync(marks, self._portal.db, merchant_ids)

    def _session_check(self, visit: Visit, socket: str) -> SessionCheck:
        """The check that the guard of one signed-in socket makes: may the socket still act for its session?"""
        session_hash = visit.user.session_hash if visit.user else ""

        async def check(*, touch: bool) -> SessionState:
            sessions = self._portal.sessions
            return await anyio.to_thread.run_sync(
                lambda: sessions.check_socket(session_hash, visit.session_value, socket, touch=touch)
            )

        return check

    async def _visit(self, scope: Scope, *, touch: bool = False) -> Visit:
        headers = Headers(scope=scope)
        sent = cookies.read("; ".join(headers.getlist("cookie")))
        value = sent.get(self._names.session, "")
        user, ended = await self._find_user(value, touch=touch)
        notice = sent.get(self._names.notice, "")
        return Visit(
            user=user,
            ended=ended or (notice if notice in cookies.NOTICES else ""),
            browser=browser_hash(sent.get(self._names.browser, "")),
            address=self._addresses.of(scope, headers),
            session_value=value,
            flow=sent.get(self._names.flow, ""),
            language=self._names.language_of(headers),
        )

    def _own_form(self, headers: Headers) -> bool:
        """Was it sent by our own page? A page without a referrer sends the Origin `null`, so that the browser's word
        for the site decides where there is one."""
        site, origins = headers.get("sec-fetch-site"), headers.getlist("origin")
        if origins != ["null"] and not self._authorities.origin_ok(headers):
            return False
        return site is None or site == "same-origin"

    def _recipient(self, scope: Scope, headers: Headers) -> Visit:
        """The person at a link, or at the page on which they ask. No session is looked up: nothing of the portal is
        reachable from there (DLV-12)."""
        sent = cookies.read("; ".join(headers.getlist("cookie")))
        return Visit(
            user=None, ended="", browser="", address=self._addresses.of(scope, headers), session_value="",
            language=best_language(headers.get("accept-language", "")), recipient=sent.get(self._names.recipient, ""),
            asker=sent.get(self._names.asker, ""),
        )  # fmt: skip

    def _hide_cookies(self, scope: Scope) -> None:
        """Hides our cookies from page scripts, which can read `st.context.cookies`."""
        headers = MutableHeaders(scope=scope)
        sent = "; ".join(headers.getlist("cookie"))
        del headers["cookie"]
        left = cookies.without(sent, self._names.ours)
        if left:
            headers["cookie"] = left
        scope["headers"] = headers.raw

    # HTTP

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        access = access_of(scope["method"], scope["path"])
        current_language.set(self._names.language_of(Headers(scope=scope)))
        answer = self._answering(scope, send)
        refusal = None if access is Access.HEALTH else await self._refusal_or_unavailable(scope, access)
        if refusal is not None:
            await self._note_refusal(scope, access.name.lower(), refusal.status_code)
            await refusal(scope, receive, answer)
            return
        if access is Access.SHELL:
            shell = self._shells[current_language.get()]  # even where a route exists
            await Response(shell, media_type="text/html")(scope, receive, answer)
            return
        await self._guarded(scope, receive, answer)

    async def _note_refusal(self, scope: Scope, access: str, status: int) -> None:
        """Audit the refusal, at a limited rate. `status`: of the HTTP response, or a socket's close code."""
        if status in range(500, 600):
            return
        refusal_audit, address = self._portal.refusal_audit, self._addresses.of(scope, Headers(scope=scope))
        await anyio.to_thread.run_sync(
            lambda: refusal_audit.record_request(address=address, place=access, status=status)
        )

    async def _refusal_or_unavailable(self, scope: Scope, access: Access) -> Response | None:
        """`_refusal`, or an error page when the session table cannot be read: the front end would otherwise wait
        endlessly for a socket."""
        try:
            return await self._refusal(scope, access)
        except Exception as error:
            reference = secrets.token_hex(4)
            log.error("sessions.not_read", reference=reference, error_type=type(error).__name__)
            return page(
                503, "The portal cannot reach its database.", "Nothing is lost. Try again in a minute.", reference
            )

    async def _refusal(self, scope: Scope, access: Access) -> Response | None:
        """The response to a request that may not pass, else None; puts the visit into the scope if a route needs it."""
        headers = Headers(scope=scope)
        if not self._authorities.host_ok(headers):
            return page(421, "This address is not the portal's.", "Use the address you were given.")
        if access is Access.SHUT:
            return page(403, "This address is closed.")
        limit = self._anonymous.get(access)
        if limit is not None and not limit.enter(self._addresses.of(scope, headers)):
            return page(429, "Too many tries.", "Wait a little, then try again.")
        if access in {Access.RECIPIENT, Access.FRONT_DOOR}:
            if scope["method"] == "POST" and not self._own_form(headers):
                return page(403, "This request came from another site.", "Open the link again.")
            scope[VISIT_KEY] = self._recipient(scope, headers)
        if access in {Access.MEMBERS, Access.SIGN_IN}:
            visit = await self._visit(scope, touch=access is Access.MEMBERS)
            scope[VISIT_KEY] = visit
            if access is Access.MEMBERS and visit.user is None:
                return page(401, "You are signed out.", "Sign in, then try again.")
            if scope["method"] not in READING and not self._same_site(headers):
                return page(403, "This request came from another site.", "Start from the portal.")
        if access is Access.SHELL:
            await self._visit(scope)  # its socket will need the session table: fail now if that cannot be read
        if access in {Access.SHELL, Access.FRONT_END, Access.MEMBERS}:
            self._note_nonce(scope)
        self._hide_cookies(scope)
        return None

    def _same_site(self, headers: Headers) -> bool:
        return self._authorities.origin_ok(headers) and headers.get("sec-fetch-site", "same-origin") == "same-origin"

    def _note_nonce(self, scope: Scope) -> None:
        sent = cookies.read("; ".join(Headers(scope=scope).getlist("cookie")))
        # Another site's request carries no Strict cookie; a new nonce in its response would replace the one in use.
        ours = Headers(scope=scope).get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
        scope["portal.new_nonce"] = scope["path"] == NONCE_PATH and ours and not sent.get(self._names.browser)

    def _answering(self, scope: Scope, send: Send) -> Send:
        """`send`, with the security headers of SEC-44 added to every response."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["portal.started"] = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                del headers["server"]
                if not scope["path"].startswith("/static/"):
                    headers["cache-control"] = "no-store"
                self._harden_cookies(headers)
                if scope.get("portal.new_nonce"):
                    headers.append("set-cookie", self._names.set(self._names.browser, secrets.token_urlsafe(32)))
            await send(message)

        return answer

    def _harden_cookies(self, headers: MutableHeaders) -> None:
        theirs = headers.getlist("set-cookie")
        if not theirs:
            return
        del headers["set-cookie"]
        for value in theirs:
            ours = value.partition("=")[0] in self._names.ours
            headers.append("set-cookie", value if ours else cookies.harden(value, secure=self._names.secure))

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; a fault becomes a page with a reference, never a stack trace (SEC-52)."""
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            reference = secrets.token_hex(4)
            log.error("request.failed", reference=reference, error_type=type(error).__name__)
            if scope.get("portal.started"):
                raise
            await page(500, "Something went wrong on our side.", "Try again.", reference)(scope, receive, send)

    # WebSocket

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        known = (
            scope["path"] == SOCKET_PATH and self._authorities.host_ok(headers) and self._authorities.origin_ok(headers)
        )
        if not known:
            await self._refuse_socket(scope, send, POLICY)
            return
        visit = await self._visit(scope)
        scope[VISIT_KEY] = visit
        if visit.user is None:
            entered, budget = self.sockets.enter(visit.address), self._budgets.anonymous(visit.address)
        else:
            budget = self._budgets.member(visit.user.session_hash, visit.address)
            entered = budget.message()  # opening a socket costs as much as one message
        if not entered:
            await self._refuse_socket(scope, send, TRY_LATER)
            return
        try:
            if visit.user is not None:
                connections.trust(scope)
            self._hide_cookies(scope)
            socket = secrets.token_hex(16)
            self._tell_streamlit(scope, visit, socket)
            check, limits = self._session_check(visit, socket), self.sockets.limits
            guard = SocketGuard(visit, check, receive, send, limits, budget, self._changes.may_skip_for(socket))
            await self._run(scope, guard, visit, socket)
        finally:
            if visit.user is None:
                self.sockets.leave(visit.address)

    async def _refuse_socket(self, scope: Scope, send: Send, code: int) -> None:
        await self._note_refusal(scope, "socket", code)
        await send({"type": "websocket.close", "code": code})

    async def _run(self, scope: Scope, guard: SocketGuard, visit: Visit, socket: str) -> None:
        if visit.user is not None:
            self._live.enter(guard, Opened(visit.user.session_hash, visit.session_value, socket))
            self._changes.enter(socket)
        try:
            await self.app(scope, guard.receive, guard.send)
        finally:
            self._live.leave(guard)
            self._changes.leave(socket)

    def _tell_streamlit(self, scope: Scope, visit: Visit, socket: str) -> None:
        headers = MutableHeaders(scope=scope)
        headers[gate_headers.ADDRESS_HEADER] = visit.address
        headers[gate_headers.LANGUAGE_HEADER] = visit.language
        headers[gate_headers.SOCKET_HEADER] = socket
        if visit.user is not None:
            headers[gate_headers.ACCOUNT_HEADER] = visit.user.account_id
            headers[gate_headers.SESSION_HEADER] = visit.user.session_hash
        else:
            if visit.ended:
                headers[gate_headers.ENDED_HEADER] = visit.ended
            offered = headers.get("sec-websocket-protocol")
            if offered:  # the third entry names a Streamlit session to resume: never for the anonymous
                headers["sec-websocket-protocol"] = ",".join(offered.split(",")[:2])
        if visit.browser:
            headers[gate_headers.BROWSER_HEADER] = visit.browser
        scope["headers"] = headers.raw
