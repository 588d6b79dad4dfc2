"""The addresses that are open, and to whom. All others need a session or are closed (SEC-31)."""

from __future__ import annotations

import re
from enum import Enum

SOCKET_PATH = "/_stcore/stream"
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})
START_PATH, SIGN_OUT_PATH, RENEW_PATH = "/auth/start", "/auth/sign-out", "/auth/renew"
LANGUAGE_PATH = "/auth/language"
OIDC_PATH, OIDC_CALLBACK_PATH = "/auth/oidc", "/auth/oidc/callback"
SIGN_IN_PATHS = frozenset({START_PATH, SIGN_OUT_PATH, RENEW_PATH, LANGUAGE_PATH, OIDC_PATH, OIDC_CALLBACK_PATH})
FRONT_END_PATHS = frozenset({"/_stcore/health", "/_stcore/host-config", "/favicon.png", "/manifest.json"})
SCRIPT_PATHS = frozenset(  # our own
    {
        "/_stcore/bidi-components/portal.attach_file/attach_file.js",
        "/_stcore/bidi-components/portal.desktop_note/desktop_note.js",
        "/_stcore/bidi-components/portal.file_link/file_link.js",
    }
)
SHUT_PREFIXES = ("/media/", "/component/", "/app/", "/_stcore/", "/oauth2callback", "/auth/")
CALENDAR_PATH = re.compile(r"/calendar/[A-Za-z0-9_-]{43}\.ics")  # 256 bits, the key to what it gives
RECIPIENT_PATH = re.compile(r"/r/[^/]{1,200}(/files|/file|/not-mine|/send-code)?")
"""The token of a link, or what a mail program made of it; a long prefix never reaches a route."""
RECIPIENT_READS, RECIPIENT_WRITES = frozenset({None, "/files"}), frozenset({None, "/file", "/not-mine", "/send-code"})
DOOR_PATH = re.compile(r"/ask/[a-z0-9-]{1,64}")
MINE_PATH = re.compile(r"/mine/[^/]{1,200}(/send-code|/message|/also)?")
PAGE_PATH = re.compile(r"/[A-Za-z0-9_-]{0,64}")
OWN_PAGE = re.compile(
    r"/[a-z_]{0,40}(\?(export|case|file)=[0-9a-f]{32})?"
)  # a page of ours, where a sign-in may lead back to
READING = frozenset({"GET", "HEAD"})


class Access(Enum):
    """How the gate treats a request."""

    HEALTH = "open to monitoring, no host check"
    FRONT_END = "data-free parts of the page, open"
    SHELL = "the page shell, the same bytes for everyone"
    SIGN_IN = "sets or clears the session cookie, open"
    CALENDAR = "open to programs that know the secret in the address, at a limited rate"
    RECIPIENT = "the page of a link: open to the person who has it, at a limited rate"
    FRONT_DOOR = "the page on which a person asks, and their own page: open at a limited rate"
    SHUT = "closed to everyone"
    MEMBERS = "needs a session"


def access_of(method: str, path: str) -> Access:
    """Classify an HTTP request; `path` is decoded, without query."""
    if path in HEALTH_PATHS:
        return Access.HEALTH if method in READING else Access.SHUT
    if path in SIGN_IN_PATHS:
        return Access.SIGN_IN if method == "GET" else Access.SHUT
    if path in FRONT_END_PATHS or (path.startswith("/static/") and ".." not in path):
        return Access.FRONT_END if method in READING else Access.SHUT
    if CALENDAR_PATH.fullmatch(path):
        return Access.CALENDAR if method in READING else Access.SHUT
    if found := RECIPIENT_PATH.fullmatch(path):
        known = RECIPIENT_READS if method in READING else RECIPIENT_WRITES if method == "POST" else frozenset()
        return Access.RECIPIENT if found[1] in known else Access.SHUT
    if DOOR_PATH.fullmatch(path):
        return Access.FRONT_DOOR if method in READING or method == "POST" else Access.SHUT
    if found := MINE_PATH.fullmatch(path):
        return Access.FRONT_DOOR if method == "POST" or (method in READING and not found[1]) else Access.SHUT
    if path in SCRIPT_PATHS:
        return Access.MEMBERS if method in READING else Access.SHUT
    if path.startswith(SHUT_PREFIXES) or path in {"/media", "/component"}:
        return Access.SHUT
    if PAGE_PATH.fullmatch(path):
        return Access.SHELL if method in READING else Access.SHUT
    return Access.MEMBERS
