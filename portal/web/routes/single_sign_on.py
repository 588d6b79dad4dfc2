"""`/auth/oidc` sends the browser to the provider, `/auth/oidc/callback` takes it back.

The callback comes from another site, so the flow's cookie is SameSite=Lax; it is sealed, lives ten
minutes and is worth nothing without the provider's answer to it. Our session cookie stays Strict.
"""

from __future__ import annotations

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from portal.errors import PortalError
from portal.identity.errors import SignInRefused
from portal.identity.factors.single_sign_on import FLOW_SECONDS, METHOD, SeveralMerchants, UnknownFlow
from portal.log import log
from portal.web.gate.access import OIDC_CALLBACK_PATH, OIDC_PATH
from portal.web.gate.cookies import NOTICE_SECONDS, CookieNames
from portal.web.gate.plain import error_page, page
from portal.web.gate.visit import Visit, visit_of
from portal.web.portal_shape import Portal, PortalSource
from portal.web.routes.language import saved_language
from portal.web.routes.sign_in import home

MAX_PARAMETER = 4096
ID_LENGTH = 32


def begin(portal: Portal, merchant_id: str) -> Response:
    """To the provider, with the flow's sealed half in a cookie."""
    try:
        flow = portal.single_sign_on.oidc_start(
            redirect_uri=portal.settings.origin + OIDC_CALLBACK_PATH, merchant_id=merchant_id
        )
    except PortalError as error:
        log.info("sign_on.refused", code=error.code, reference=error.reference, detail=error.detail)
        return error_page(error)
    names = CookieNames.of(portal.settings)
    answer = RedirectResponse(flow.url, status_code=303)
    lax = names.set(names.flow, flow.sealed_state, FLOW_SECONDS).replace("SameSite=Strict", "SameSite=Lax")
    answer.headers.append("set-cookie", lax)
    return answer


def finish(portal: Portal, visit: Visit, sealed_state: str, state: str, code: str) -> Response:
    """From the provider: a fresh session for an invited person, else the sign-in page with the reason."""
    names = CookieNames.of(portal.settings)
    try:
        account_id = portal.single_sign_on.oidc_finish(
            sealed_state=sealed_state,
            state=state,
            code=code,
            redirect_uri=portal.settings.origin + OIDC_CALLBACK_PATH,
            address=visit.address,
        )
    except PortalError as error:
        log.info("sign_on.refused", code=error.code, reference=error.reference, detail=error.detail)
        reason = "sso"
        if isinstance(error, SignInRefused):
            reason = "not_invited"
        elif isinstance(error, SeveralMerchants):
            reason = SeveralMerchants.code
        notice = names.set(names.notice, reason, NOTICE_SECONDS)
        if isinstance(error, UnknownFlow):
            return home(notice)  # the flow that the browser may be in is not this one: its cookie stays
        return home(names.clear(names.flow), notice)
    value = portal.sessions.start_session(
        account_id, method=METHOD, address=visit.address, second_factor=False, replacing=visit.session_value
    )
    language = saved_language(portal, account_id)
    return home(names.set(names.session, value), names.clear(names.flow), names.clear(names.notice), *language)


def oidc_routes(source: PortalSource) -> list[Route]:
    """Both open to the anonymous; the first only from our own page, the second only with its state."""

    async def start_route(request: Request) -> Response:
        if request.headers.get("sec-fetch-site") != "same-origin":
            return page(403, "This request came from another site.", "Start from the portal.")
        return await anyio.to_thread.run_sync(begin, source(), request.query_params.get("merchant", "")[:ID_LENGTH])

    async def callback_route(request: Request) -> Response:
        visit = visit_of(request.scope)
        given = request.query_params
        state, code = given.get("state", "")[:MAX_PARAMETER], given.get("code", "")[:MAX_PARAMETER]
        return await anyio.to_thread.run_sync(finish, source(), visit, visit.flow, state, code)

    return [
        Route(OIDC_PATH, start_route, methods=["GET"]),
        Route(OIDC_CALLBACK_PATH, callback_route, methods=["GET"]),
    ]
