"""Sign in as a person does: the form on the WebSocket, then the cookie by plain HTTP."""

from __future__ import annotations

import httpx

from bench.seeding import PASSWORD
from bench.wire import Tab, TabError

PEOPLE = ("maya", "sam", "iris")
SHOP = "brookandbean.example.com"


async def sign_in(origin: str, number: int = 0, *, person: str = "") -> str:
    """The Cookie header of a fresh login session. Each `number` is a browser at its own (forwarded) address."""
    address = f"10.{1 + number // 60_000 % 200}.{number // 250 % 240}.{1 + number % 250}"
    async with httpx.AsyncClient(base_url=origin, headers={"X-Forwarded-For": address}, timeout=60) as http:
        await http.get("/")
        await http.get("/_stcore/host-config")  # gives the browser's nonce, which a ticket is bound to
        tab = Tab(origin, cookie=cookies(http), forwarded=address)
        try:
            await tab.open()
            tab.fill("Email", f"{person or PEOPLE[0]}@{SHOP}")
            tab.fill("Password", PASSWORD)
            await tab.press("Sign in")
            if not tab.redirect:
                raise TabError("the sign-in page did not hand over")
            answer = await http.get(tab.redirect, headers={"Sec-Fetch-Site": "same-origin"})
        finally:
            await tab.close()
        if answer.status_code != 303 or "portal_session" not in http.cookies:
            raise TabError(f"no cookie from the hand-over ({answer.status_code})")
        return cookies(http)


def cookies(http: httpx.AsyncClient) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in http.cookies.jar)
