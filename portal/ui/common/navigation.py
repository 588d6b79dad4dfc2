"""The pages' addresses, and how scripts switch between them. Addresses carry ids only (SEC-43)."""

from __future__ import annotations

import re
from typing import NoReturn
from urllib.parse import urlsplit

import streamlit as st

from portal.exports.core.download import DocumentKind, FileKind
from portal.ui.common.words import _, number
from portal.web.gate.access import OWN_PAGE

PAGES_FOLDER = "../pages"
TODAY = f"{PAGES_FOLDER}/today.py"
NEW_EXPORT = f"{PAGES_FOLDER}/new_export.py"
CASES = f"{PAGES_FOLDER}/cases.py"
NEW_CASE = f"{PAGES_FOLDER}/new_case.py"
CASE = f"{PAGES_FOLDER}/case.py"
CASE_FILE = f"{PAGES_FOLDER}/case_file.py"
PREVIEW = f"{PAGES_FOLDER}/preview.py"
PAST_EXPORTS = f"{PAGES_FOLDER}/past_exports.py"
AUDIT_TRAIL = f"{PAGES_FOLDER}/audit_trail.py"
ACCOUNTS = f"{PAGES_FOLDER}/accounts.py"
SETTINGS = f"{PAGES_FOLDER}/settings.py"
YOUR_ACCOUNT = f"{PAGES_FOLDER}/your_account.py"
HELP = f"{PAGES_FOLDER}/help.py"
SIGN_IN = f"{PAGES_FOLDER}/sign_in.py"
PAGE_PATHS = (
    "cases", "new_case", "case", "case_file", "new_export", "past_exports", "preview", "audit_trail", "accounts",
    "settings", "your_account", "help",
)  # fmt: skip
"""Addresses that people may bookmark or be sent. Without a session they show the sign-in page, not "not found"."""
EXPORT_PARAMETER = "export"
CASE_PARAMETER = "case"
FILE_PARAMETER = "file"
HELP_PARAMETER = "about"
_ID = re.compile(r"[0-9a-f]{32}")
_COUNT = re.compile(r" · \S+$")


def chosen_export() -> str | None:
    """The export the address names; anything that is not an id counts as none."""
    return _named(EXPORT_PARAMETER)


def chosen_case() -> str | None:
    """The case the address names."""
    return _named(CASE_PARAMETER)


def chosen_file() -> str | None:
    """The file of a case that the address names."""
    return _named(FILE_PARAMETER)


def _named(parameter: str) -> str | None:
    value = st.query_params.get(parameter, "")
    return value if _ID.fullmatch(value) else None


def requested_topic() -> str:
    """The topic of Help that the address names; `portal.ui.help.help_places` knows which there are."""
    return str(st.query_params.get(HELP_PARAMETER, ""))


def requested_page() -> str:
    """The address to return to after the sign-in: a page and at most one id."""
    path = urlsplit(st.context.url or "").path
    if not OWN_PAGE.fullmatch(path):
        return "/"
    for parameter in (EXPORT_PARAMETER, CASE_PARAMETER, FILE_PARAMETER):
        if named := _named(parameter):
            return f"{path}?{parameter}={named}"
    return path


def with_count(title: str, count: int) -> str:
    """A page's words in the menu: ``Cases · 3``, or the title alone when nothing waits."""
    return f"{title} · {number(count)}" if count else title


def without_count(words: str) -> str:
    return _COUNT.sub("", words)


def title_of_page(title: str) -> None:
    """Set the browser's title, by which tabs, history and a screen reader's list of windows tell pages apart."""
    st.set_page_config(page_title=_("{page} – Privacy portal").format(page=title))


def go_to_export(export_id: str, page: str = PREVIEW) -> NoReturn:
    st.switch_page(page, query_params={EXPORT_PARAMETER: export_id})


def go_to_case(case_id: str) -> NoReturn:
    st.switch_page(CASE, query_params={CASE_PARAMETER: case_id})


def go_to_case_file(file_id: str) -> NoReturn:
    st.switch_page(CASE_FILE, query_params={FILE_PARAMETER: file_id})


def file_address(export_id: str, kind: FileKind | None = None) -> str:
    """The download address; of the original when no kind is named."""
    return f"/exports/{export_id}/file" + (f"?kind={kind}" if kind else "")


def left_out_address(export_id: str, kind: DocumentKind) -> str:
    """Of the list of what was left out of the copy."""
    return f"/exports/{export_id}/left-out?kind={kind}"
