"""Sets, clears and renews the session cookie, which a Streamlit page cannot: `/auth/start`, `/auth/sign-out`,
`/auth/renew`."""

from __future__ import annotations

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from portal.identity.tickets import RENEW, SIGN_IN, SIGN_OUT
from portal.web.gate.access import OWN_PAGE, RENEW_PATH, SIGN_OUT_PATH, START_PATH
from portal.web.gate.cookies import NOTICE_SECONDS, CookieNames
from portal.web.gate.plain import page
from portal.web.gate.visit import Visit, visit_of
from portal.web.portal_shape import Portal, PortalSource
from portal.web.routes.language import saved_language

EMPTY_PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
MAX_TICKET = 128


def home(*set_cookies: str, place: str = "/") -> Response:
    """To the first page (or another one of ours), with these cookies."""
    answer = RedirectResponse(place if OWN_PAGE.fullmatch(place) else "/", status_code=303)
    for value in set_cookies:
        answer.headers.append("set-cookie", value)
    return answer


def _from_our_page(request: Request) -> bool:
    """SEC-40: browsers send cross-site or none for links and forms on other sites; all send the header since 2023."""
    return request.headers.get("sec-fetch-site") == "same-origin"


def start(portal: Portal, visit: Visit, ticket: str) -> Response:
    """Redeem a ticket for a new session; ends the browser's earlier one."""
    names = CookieNames.of(portal.settings)
    redeemed = portal.tickets.redeem_ticket(ticket, browser=visit.browser, purpose=SIGN_IN)
    if redeemed is None:
        return home(names.set(names.notice, "ticket", NOTICE_SECONDS))
    value = portal.sessions.start_session(
        redeemed.account_id,
        method=str(redeemed.facts.get("method", "password")),
        address=visit.address,
        second_factor=bool(redeemed.facts.get("second_factor")),
        vendor_token=redeemed.vendor_token,
        replacing=visit.session_value,
    )
    language = saved_language(portal, redeemed.account_id)
    place = str(redeemed.facts.get("place", "/"))
    return home(names.set(names.session, value), names.clear(names.notice), *language, place=place)


def sign_out(portal: Portal, visit: Visit, ticket: str) -> Response:
    """End the session the ticket names and take the cookie away."""
    names = CookieNames.of(portal.settings)
    redeemed = portal.tickets.redeem_ticket(ticket, browser=visit.browser, purpose=SIGN_OUT)
    if redeemed is None:
        return home()
    portal.sessions.end_session(str(redeemed.facts.get("session", "")), "signed_out")
    return home(names.clear(names.session), names.set(names.notice, "signed_out", NOTICE_SECONDS))


def renew(portal: Portal, visit: Visit, ticket: str) -> Response:
    """Set the cookie's new value after a proof of identity (SEC-33).

    The page requests this address as an image: a page load would discard what the person had typed.
    """
    names = CookieNames.of(portal.settings)
    redeemed = portal.tickets.redeem_ticket(ticket, browser=visit.browser, purpose=RENEW)
    value = redeemed and portal.sessions.renew_cookie(str(redeemed.facts.get("session", "")), ticket)
    if not value:
        return page(403, "This address works once.", "Go back to the portal.")
    answer = Response(EMPTY_PICTURE, media_type="image/svg+xml")
    answer.headers.append("set-cookie", names.set(names.session, value))
    return answer


def auth_routes(source: PortalSource) -> list[Route]:
    """GET only, open to the anonymous; the ticket is the proof."""

    async def start_route(request: Request) -> Response:
        return await _with_ticket(request, start)

    async def sign_out_route(request: Request) -> Response:
        return await _with_ticket(request, sign_out)

    async def renew_route(request: Request) -> Response:
        return await _with_ticket(request, renew)

    async def _with_ticket(request: Request, act: object) -> Response:
        if not _from_our_page(request):
            return page(403, "This request came from another site.", "Start from the portal.")
        ticket = request.query_params.get("ticket", "")[:MAX_TICKET]
        visit = visit_of(request.scope)
        return await anyio.to_thread.run_sync(act, source(), visit, ticket)  # type: ignore[arg-type]

    return [
        Route(START_PATH, start_route, methods=["GET"]),
        Route(SIGN_OUT_PATH, sign_out_route, methods=["GET"]),
        Route(RENEW_PATH, renew_route, methods=["GET"]),
    ]
