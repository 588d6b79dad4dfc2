"""Choosing a language: `/auth/language` saves the choice in a cookie and, for signed-in people, in their account.

It is a page load because `<html lang>` is part of the page shell, which no script of ours changes.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from portal.language import LANGUAGES
from portal.web.gate.access import LANGUAGE_PATH
from portal.web.gate.cookies import CookieNames
from portal.web.gate.plain import page
from portal.web.gate.visit import Visit, visit_of
from portal.web.portal_shape import Portal, PortalSource

YEAR_SECONDS = 365 * 24 * 3600
OUR_PAGE = re.compile(r"/[a-z_]{0,64}(\?export=[0-9a-f]{32})?")


def language_address(language: str, back: str) -> str:
    """The address that switches to `language` and returns to `back`, a page of ours."""
    return f"{LANGUAGE_PATH}?{urlencode({'to': language, 'back': back})}"


def saved_language(portal: Portal, account_id: str) -> tuple[str, ...]:
    """The Set-Cookie value of the language an account's person once chose, if they did."""
    language = portal.languages.language_of(account_id)
    return (language_cookie(CookieNames.of(portal.settings), language),) if language else ()


def language_cookie(names: CookieNames, language: str) -> str:
    return names.set(names.language, language, YEAR_SECONDS)


def switch(portal: Portal, visit: Visit, language: str, back: str) -> Response:
    if language not in LANGUAGES:
        return page(404, "The portal does not speak this language.")
    if visit.user is not None:
        portal.languages.set_language(visit.user, language)
    answer = RedirectResponse(back if OUR_PAGE.fullmatch(back) else "/", status_code=303)
    answer.headers.append("set-cookie", language_cookie(CookieNames.of(portal.settings), language))
    return answer


def language_routes(source: PortalSource) -> list[Route]:
    """GET only, open to the anonymous, from our own pages only (SEC-40)."""

    async def route(request: Request) -> Response:
        if request.headers.get("sec-fetch-site") != "same-origin":
            return page(403, "This request came from another site.", "Start from the portal.")
        asked = request.query_params
        visit = visit_of(request.scope)
        return await anyio.to_thread.run_sync(switch, source(), visit, asked.get("to", ""), asked.get("back", ""))

    return [Route(LANGUAGE_PATH, route, methods=["GET"])]
