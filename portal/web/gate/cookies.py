"""The portal's cookies. Values are opaque; scripts in the browser see none of them.

`__Host-` names need https; a plainly named cookie is used on loopback http only (SEC-33). Seven: the session; the
browser nonce that binds sign-in tickets; the notice, a code that tells the sign-in page why it is shown; the sealed
half of a running single sign-on; the chosen language, a code as well; the page of a link that was opened
with its code; the page of somebody who asked for themselves, opened with a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

from portal.config import Settings
from portal.language import LANGUAGES, best_language

NOTICES = frozenset({"signed_out", "ticket", "sso", "not_invited", "several_merchants"})
NOTICE_SECONDS = 20


@dataclass(frozen=True)
class CookieNames:
    """Names and the Secure mark for one origin."""

    session: str
    browser: str
    notice: str
    flow: str
    language: str
    recipient: str
    asker: str
    secure: bool

    @classmethod
    def of(cls, settings: Settings) -> CookieNames:
        if settings.origin.startswith("https://"):
            first = "__Host-portal"
            return cls(
                first, f"{first}-browser", f"{first}-notice", f"{first}-flow", f"{first}-language",
                f"{first}-answer", f"{first}-asker", True,
            )  # fmt: skip
        return cls(
            "portal_session", "portal_browser", "portal_notice", "portal_flow", "portal_language",
            "portal_answer", "portal_asker", False,
        )  # fmt: skip

    @property
    def ours(self) -> frozenset[str]:
        return frozenset(
            {self.session, self.browser, self.notice, self.flow, self.language, self.recipient, self.asker}
        )

    def language_of(self, headers: Headers) -> str:
        """The chosen language, else the browser's."""
        chosen = read("; ".join(headers.getlist("cookie"))).get(self.language, "")
        return chosen if chosen in LANGUAGES else best_language(headers.get("accept-language", ""))

    def set(self, name: str, value: str, max_age: int | None = None) -> str:
        """A Set-Cookie header value; without `max_age` (seconds) the cookie goes with the browser."""
        age = "" if max_age is None else f"; Max-Age={max_age}"
        return f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{age}{'; Secure' if self.secure else ''}"

    def clear(self, name: str) -> str:
        return self.set(name, "", max_age=0)


def read(header: str) -> dict[str, str]:
    """The Cookie header as a mapping. A name given twice is dropped, as it is ambiguous."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name in found:
            twice.add(name)
        found[name] = value.strip()
    return {k: v for k, v in found.items() if k not in twice}


def without(header: str, names: frozenset[str]) -> str:
    """The Cookie header without the named cookies, so that Streamlit scripts never see them."""
    return "; ".join(p.strip() for p in header.split(";") if p.strip().partition("=")[0] not in names)


def harden(set_cookie: str, *, secure: bool) -> str:
    """A Set-Cookie value of Streamlit's with SameSite=Strict, and with Secure on https."""
    try:
        SimpleCookie(set_cookie)
    except CookieError:
        return set_cookie
    parts = [p.strip() for p in set_cookie.split(";")]
    kept = [p for p in parts if p.lower() != "secure" and not p.lower().startswith("samesite")]
    return "; ".join([*kept, "SameSite=Strict", *(["Secure"] if secure else [])])
