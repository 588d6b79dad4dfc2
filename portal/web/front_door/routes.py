"""`/ask/{name}`, where a person asks, and `/mine/{token}`, where they see how it stands; below it `send-code`,
`message`, `also`.

Nobody is signed in here, and no address of the portal is reachable from these pages. GET and HEAD only read. Neither
token nor what is typed is written to any log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from portal.delivery.recipient import LinkEnded, NotACode, NotOpened, WrongCode
from portal.errors import InputError, InputErrors, NotFound, PortalError, TryLater
from portal.front_door.checking import OLD_FORM, TOO_LONG
from portal.front_door.kinds import ALSO_MAX, MESSAGE_MAX, VISIT
from portal.front_door.views import Asking, DoorKind, DoorPage, MineKind
from portal.language import LANGUAGES
from portal.log import log
from portal.web.front_door import words
from portal.web.front_door.pages import ask_page, mine_page, shut_page
from portal.web.front_door.style import POLICY
from portal.web.gate.cookies import CookieNames
from portal.web.gate.plain import status_of
from portal.web.gate.visit import visit_of
from portal.web.portal_shape import FrontDoorDesk, PortalSource
from portal.web.recipient import words as of_links
from portal.web.routes.recipient import ALWAYS as OF_LINKS

MOST_BODY = 32 * 1024
AT_ONCE = 2
ALWAYS = OF_LINKS | {"content-security-policy": POLICY}
STATUS: Mapping[MineKind, int] = {
    MineKind.UNKNOWN: 404,
    MineKind.LAPSED: 410,
    MineKind.WAITING: 200,
    MineKind.PROVED: 200,
}
FIELD_WORDS: Mapping[str, str] = {
    "demand": words.PICK,
    "email": words.WRONG_EMAIL,
    "note": words.TOO_LONG,
    "text": words.EMPTY,
}
R = TypeVar("R")


@dataclass
class Turns:
    """Few threads at once work for people who ask: a flood takes no time from the pages of signed-in people. Made in
    the event loop."""

    _limiter: list[anyio.CapacityLimiter] = field(default_factory=list)

    async def run(self, work: Callable[[], R]) -> R:
        if not self._limiter:
            self._limiter.append(anyio.CapacityLimiter(AT_ONCE))
        return await anyio.to_thread.run_sync(work, limiter=self._limiter[0])


@dataclass(frozen=True)
class Asked:
    """One request: what its address names, who asks, and the cookie of a page that was opened."""

    request: Request
    desk: FrontDoorDesk
    names: CookieNames
    turns: Turns

    @property
    def name(self) -> str:
        return str(self.request.path_params["name"])

    @property
    def token(self) -> str:
        return str(self.request.path_params["token"])

    @property
    def address(self) -> str:
        return visit_of(self.request.scope).address

    @property
    def cookie(self) -> str:
        return visit_of(self.request.scope).asker

    def language(self, chosen: str = "") -> str:
        chosen = chosen or self.request.query_params.get("language", "")
        return chosen if chosen in LANGUAGES else visit_of(self.request.scope).language

    async def mine(self, status: int = 200, **said: Any) -> Response:
        """The person's page as it stands now."""
        found = await self.turns.run(partial(self.desk.mine, self.token, self.cookie))
        ended = STATUS[found.kind]
        return _page(mine_page(found, self.token, self.language(), **said), status if ended == 200 else ended)


Answer = Callable[[Asked], Awaitable[Response]]


def front_door_routes(source: PortalSource) -> list[Route]:
    """The gate limits the rate, and lets a form pass that our own page sent."""
    turns = Turns()

    def route(path: str, methods: dict[str, Answer]) -> Route:
        async def answer(request: Request) -> Response:
            portal = source()
            asked = Asked(request, portal.front_door_desk, CookieNames.of(portal.settings), turns)
            return await methods["GET" if request.method == "HEAD" else request.method](asked)

        return Route(path, answer, methods=list(methods))

    return [
        route("/ask/{name}", {"GET": _form, "POST": _ask}),
        route("/mine/{token}", {"GET": _mine, "POST": _code}),
        route("/mine/{token}/send-code", {"POST": _send_code}),
        route("/mine/{token}/message", {"POST": partial(_say, what="message")}),
        route("/mine/{token}/also", {"POST": partial(_say, what="also")}),
    ]


async def _form(asked: Asked) -> Response:
    return await _asking_again(asked, asked.language())


async def _asking_again(asked: Asked, language: str, status: int = 200, **said: Any) -> Response:
    found = await asked.turns.run(partial(asked.desk.page, asked.name, language))
    if found.kind is DoorKind.CLOSED:
        return _page(shut_page(language), 404)
    return _page(ask_page(found, asked.name, language, **said), status)


def _mended(found: DoorPage, name: str, asking: Asking, problems: InputErrors) -> Response:
    """The form again, with what is wrong marked and all that was typed."""
    codes = {one.field: one.message for one in problems.problems}
    wrong = {field: said for field, said in FIELD_WORDS.items() if field in codes}
    if codes.get("form") == OLD_FORM:
        asking = replace(asking, form="")
    problem = words.LOOK if wrong else words.AGAIN
    return _page(ask_page(found, name, asking.language, typed=asking, wrong=wrong, problem=problem), 400)


async def _ask(asked: Asked) -> Response:
    sent = await _fields(asked.request)
    language = asked.language(sent.get("language", ""))
    asking = Asking(
        sent.get("demand", ""), sent.get("email", ""), sent.get("note", ""), sent.get("form", ""),
        sent.get("website", ""), language,
    )  # fmt: skip
    known = asked.desk.wrong(asked.name, asking)
    if known is not None:
        return _mended(known[0], asked.name, asking, known[1])
    try:
        token = await asked.turns.run(partial(asked.desk.ask, asked.name, asking, address=asked.address))
    except InputErrors as problems:
        found = await asked.turns.run(partial(asked.desk.page, asked.name, language))
        return _mended(found, asked.name, asking, problems)
    except NotFound:
        return _page(shut_page(language), 404)
    except TryLater as error:
        answer = await _asking_again(asked, language, 429, typed=asking, problem=words.FULL)
        return _waiting(answer, error)
    return RedirectResponse(f"/mine/{token}", status_code=303, headers=ALWAYS)


async def _mine(asked: Asked) -> Response:
    return await asked.mine()


async def _code(asked: Asked) -> Response:
    code = (await _fields(asked.request)).get("code", "")
    try:
        entered = await asked.turns.run(partial(asked.desk.enter_code, asked.token, code, address=asked.address))
    except PortalError as error:
        return await _refused(asked, error, at="code")
    answer = RedirectResponse(f"/mine/{entered.token}", status_code=303, headers=ALWAYS)
    age = int(VISIT.total_seconds())
    answer.headers.append("set-cookie", asked.names.set(asked.names.asker, entered.cookie, max_age=age))
    return answer


async def _send_code(asked: Asked) -> Response:
    try:
        await asked.turns.run(partial(asked.desk.send_code, asked.token, address=asked.address))
    except TryLater as error:
        return _waiting(await asked.mine(429, problem=words.LATER), error)
    except PortalError as error:
        return await _refused(asked, error)
    return await asked.mine(good=of_links.CODE_SENT)


async def _say(asked: Asked, what: str) -> Response:
    text = (await _fields(asked.request)).get("text", "")
    act = asked.desk.write if what == "message" else asked.desk.also_used
    try:
        await asked.turns.run(partial(act, asked.token, asked.cookie, text, address=asked.address))
    except InputError as wrong:
        most = MESSAGE_MAX if what == "message" else ALSO_MAX
        said = words.TOO_LONG if wrong.message == TOO_LONG else words.EMPTY
        return await asked.mine(400, problem=said, at=what, typed=text[:most])
    except PortalError as error:
        return await _refused(asked, error)
    return await asked.mine(good=words.SENT if what == "message" else words.ADDED)


async def _refused(asked: Asked, error: PortalError, at: str = "") -> Response:
    """The page as it stands, with what was wrong above it."""
    log.info("front_door.refused", reference=error.reference, code=error.code)
    match error:
        case NotACode():
            return await asked.mine(400, problem=of_links.NOT_WHOLE, at=at)
        case WrongCode():
            return await asked.mine(403, problem=of_links.WRONG, at=at)
        case NotOpened():
            return await asked.mine(403, problem=words.PROVE)
        case LinkEnded():
            return await asked.mine()
        case TryLater():
            return _waiting(await asked.mine(429, problem=of_links.TOO_MANY), error)
        case _:
            return await asked.mine(status_of(error), problem=words.LATER)


def _waiting(answer: Response, error: TryLater) -> Response:
    answer.headers["retry-after"] = str(max(1, round(error.wait_seconds)))
    return answer


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status_code=status, headers=ALWAYS)


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a small form; none for any other body."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            return {}
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=12)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}
