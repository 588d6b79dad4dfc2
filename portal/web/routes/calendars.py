"""`GET /calendar/{secret}.ics`: when cases are due, for a calendar program that knows the secret."""

from __future__ import annotations

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.cases.ical import CALENDAR
from portal.errors import NotFound
from portal.web.gate.plain import error_page
from portal.web.portal_shape import PortalSource

UNSEEN = {"cache-control": "no-store", "x-robots-tag": "noindex", "x-content-type-options": "nosniff"}


def calendar_routes(source: PortalSource) -> list[Route]:
    """The gate limits the rate. The secret is written to no log, and no response may be stored."""

    async def calendar(request: Request) -> Response:
        token = request.path_params["token"]
        try:
            content = await anyio.to_thread.run_sync(source().case_calendar.by_token, token)
        except NotFound as error:
            answer: Response = error_page(error)
            answer.headers.update(UNSEEN)
            return answer
        return Response(content, media_type=CALENDAR, headers=UNSEEN)

    return [Route("/calendar/{token}.ics", calendar, methods=["GET"])]
