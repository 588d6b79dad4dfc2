"""The gate: the one outermost middleware, around every HTTP request and WebSocket (SEC-31, SEC-32).

Identity comes only from the HttpOnly cookie of this very request, resolved in the session table. What
the browser says about itself in `x-portal-*` headers is dropped. Whatever `places` does not open is shut.

The gate stands before the services behind it are loaded: whoever has no cookie gets the sign-in page meanwhile, and
whoever has one, or wants anything else, waits until the sessions can be read.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.config import Settings
from portal.language import current_language
from portal.log import log
from portal.web import bridge, cookies
from portal.web.authorities import Authorities
from portal.web.change_watch import ChangeWatch
from portal.web.headers import security_headers
from portal.web.limits import AnonymousSockets, SocketLimits
from portal.web.live import LiveSockets, Opened
from portal.web.places import READING, SOCKET_PATH, Place, place_of
from portal.web.plain import page
from portal.web.portal_shape import Portal, PortalSource
from portal.web.shell import shells
from portal.web.socket import Look, SocketGuard
from portal.web.visit import VISIT_KEY, Addresses, Visit, browser_hash

if TYPE_CHECKING:
    from portal.identity import SessionState, Speakers, User

OUR_HEADERS = b"x-portal-"
NONCE_PLACE = "/_stcore/host-config"  # same-origin fetch before the socket opens, so Strict cookies are seen


class Gate:
    """ASGI middleware. `source` gives the running portal, and waits while it is being opened.

    `settings` are the portal's, where they are known before it is open; both are asked for at a request, not before.
    """

    def __init__(
        self,
        app: ASGIApp,
        source: PortalSource,
        limits: SocketLimits | None = None,
        ports: tuple[int, ...] = (),
        settings: Callable[[], Settings] | None = None,
    ) -> None:
        self.app = app
        self._source = source
        self._portal: Portal | None = None
        self._settings = settings or (lambda: source().settings)
        self._ports = ports
        self.sockets = AnonymousSockets(limits or SocketLimits())
        self._live = LiveSockets(self._living)
        self._changes = ChangeWatch(self._marks)
        self._ready = False

    def _prepare(self) -> None:
        """Read the settings and Streamlit's page once. Raises bridge.UnknownFrontEnd."""
        settings = self._settings()
        self._names = cookies.CookieNames.of(settings)
        self._authorities = Authorities(settings, self._ports)
        self._addresses = Addresses(settings)
        self._headers = security_headers(settings)
        self._shells = shells(bridge.index_html())
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

    async def _opened(self) -> Portal:
        """The portal, waited for outside the event loop. Raises what kept it from opening."""
        if self._portal is None:
            self._portal = await anyio.to_thread.run_sync(self._source)
        return self._portal

    async def _look(self, cookie_value: str, *, touch: bool) -> tuple[User | None, str]:
        """Whom the cookie stands for, or why for nobody (empty: never heard of)."""
        if not cookie_value:
            return None, ""
        identity = (await self._opened()).identity
        state = await anyio.to_thread.run_sync(lambda: identity.look_cookie(cookie_value, touch=touch))
        return state.user, state.ended

    async def _living(self, session_hashes: Collection[str]) -> Mapping[str, Speakers]:
        return await anyio.to_thread.run_sync((await self._opened()).identity.living, session_hashes)

    async def _marks(self, merchant_ids: Collection[str]) -> Mapping[str, str]:
        from portal.exports.changes import marks

        return await anyio.to_thread.run_sync(marks, (await self._opened()).db, merchant_ids)

    def _look_for(self, visit: Visit, socket: str) -> Look:
        """How the guard of one signed-in socket asks whether it may still speak for its session."""
        session_hash = visit.user.session_hash if visit.user else ""

        async def look(*, touch: bool) -> SessionState:
            identity = (await self._opened()).identity
            return await anyio.to_thread.run_sync(
                lambda: identity.look_socket(session_hash, visit.session_value, socket, touch=touch)
            )

        return look

    async def _visit(self, scope: Scope, *, touch: bool = False) -> Visit:
        headers = Headers(scope=scope)
        sent = cookies.read("; ".join(headers.getlist("cookie")))
        value = sent.get(self._names.session, "")
        user, ended = await self._look(value, touch=touch)
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

    def _hide_cookies(self, scope: Scope) -> None:
        """Scripts read `st.context.cookies`; ours are none of their business."""
        headers = MutableHeaders(scope=scope)
        sent = "; ".join(headers.getlist("cookie"))
        del headers["cookie"]
        left = cookies.without(sent, self._names.ours)
        if left:
            headers["cookie"] = left
        scope["headers"] = headers.raw

    # HTTP

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = place_of(scope["method"], scope["path"])
        current_language.set(self._names.language_of(Headers(scope=scope)))
        answer = self._answering(scope, send)
        refusal = None if place is Place.HEALTH else await self._looked_at(scope, place)
        if refusal is not None:
            await refusal(scope, receive, answer)
            return
        if place is Place.SHELL:
            shell = self._shells[current_language.get()]  # and nothing else, whatever routes exist
            await Response(shell, media_type="text/html")(scope, receive, answer)
            return
        await self._guarded(scope, receive, answer)

    async def _looked_at(self, scope: Scope, place: Place) -> Response | None:
        """`_refusal`, or a page that says so when the sessions cannot be read: else the front end would wait for ever
        for a socket that nobody opens."""
        try:
            return await self._refusal(scope, place)
        except Exception as error:
            reference = secrets.token_hex(4)
            log.error("sessions cannot be read", reference=reference, error_type=type(error).__name__)
            return page(
                503, "The portal cannot reach its database.", "Nothing is lost. Try again in a minute.", reference
            )

    async def _refusal(self, scope: Scope, place: Place) -> Response | None:
        """Why the request goes no further, or None; leaves the visit in the scope where a route needs it."""
        headers = Headers(scope=scope)
        if not self._authorities.host_ok(headers):
            return page(421, "This address is not the portal's.", "Use the address you were given.")
        if place is Place.SHUT:
            return page(403, "This address is closed.")
        if place in {Place.MEMBERS, Place.SIGN_IN}:
            await self._opened()  # the routes behind these ask the services
            visit = await self._visit(scope, touch=place is Place.MEMBERS)
            scope[VISIT_KEY] = visit
            if place is Place.MEMBERS and visit.user is None:
                return page(401, "You are signed out.", "Sign in, then try again.")
            if scope["method"] not in READING and not self._same_site(headers):
                return page(403, "This request came from another site.", "Start from the portal.")
        if place is Place.SHELL:
            await self._visit(scope)  # its socket will need the session: rather say now that none can be read
        if place in {Place.SHELL, Place.FRONT_END, Place.MEMBERS}:
            self._note_nonce(scope)
        self._hide_cookies(scope)
        return None

    def _same_site(self, headers: Headers) -> bool:
        return self._authorities.origin_ok(headers) and headers.get("sec-fetch-site", "same-origin") == "same-origin"

    def _note_nonce(self, scope: Scope) -> None:
        sent = cookies.read("; ".join(Headers(scope=scope).getlist("cookie")))
        scope["portal.new_nonce"] = scope["path"] == NONCE_PLACE and not sent.get(self._names.browser)

    def _answering(self, scope: Scope, send: Send) -> Send:
        """`send` with the security headers of SEC-44 on every answer."""

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
            log.error("request failed", reference=reference, error_type=type(error).__name__)
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
            await send({"type": "websocket.close", "code": 1008})
            return
        visit = await self._visit(scope)
        scope[VISIT_KEY] = visit
        if visit.user is None and not self.sockets.enter(visit.address):
            await send({"type": "websocket.close", "code": 1013})
            return
        try:
            self._hide_cookies(scope)
            socket = secrets.token_hex(16)
            self._tell_streamlit(scope, visit, socket)
            look, limits = self._look_for(visit, socket), self.sockets.limits
            guard = SocketGuard(visit, look, receive, send, limits, self._changes.resting_for(socket))
            await self._run(scope, guard, visit, socket)
        finally:
            if visit.user is None:
                self.sockets.leave(visit.address)

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
        headers[bridge.ADDRESS_HEADER] = visit.address
        headers[bridge.LANGUAGE_HEADER] = visit.language
        headers[bridge.SOCKET_HEADER] = socket
        if visit.user is not None:
            headers[bridge.ACCOUNT_HEADER] = visit.user.account_id
            headers[bridge.SESSION_HEADER] = visit.user.session_hash
        else:
            if visit.ended:
                headers[bridge.ENDED_HEADER] = visit.ended
            offered = headers.get("sec-websocket-protocol")
            if offered:  # the third entry names a Streamlit session to resume: never for the anonymous
                headers["sec-websocket-protocol"] = ",".join(offered.split(",")[:2])
        if visit.browser:
            headers[bridge.BROWSER_HEADER] = visit.browser
        scope["headers"] = headers.raw
