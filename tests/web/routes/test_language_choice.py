"""The language of the page shell, of plain pages and of the session: chosen, asked for by the browser, or English."""

from __future__ import annotations

from typing import Any

import pytest

from portal.language import LANGUAGES
from portal.web.routes.language import OUR_PAGE, language_address
from portal.web.streamlit.front_end import index_html
from portal.web.streamlit.shell import shells

SAME = {"sec-fetch-site": "same-origin"}
EXPORT = "0123456789abcdef" * 2


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_shell_says_the_browsers_language_and_is_otherwise_the_same(server: Any, language: str) -> None:
    with server.client() as client:
        answer = client.get("/", headers={"accept-language": f"xx;q=1,{language};q=0.9", "accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.content == shells(index_html())[language]
    assert f'<html lang="{language}">' in answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_what_was_chosen_stands_above_what_the_browser_asks_for(server: Any) -> None:
    with server.client(accept_language="de") as client:
        assert '<html lang="fr">' in client.get("/today", headers={"cookie": "portal_language=fr"}).text
        for nonsense in ("xx", "../de", "", 'de"><script>'):
            assert '<html lang="de">' in client.get("/", headers={"cookie": f"portal_language={nonsense}"}).text


def test_a_plain_page_is_in_the_readers_language(server: Any) -> None:
    with server.client(accept_language="fr") as client:
        closed = client.get("/media/x")
        assert closed.status_code == 403
        assert "Cette adresse est fermée." in closed.text
        assert '<html lang="fr">' in closed.text
        assert "Aller au portail" in closed.text
    with server.client(accept_language="nl") as client:
        assert "U bent afgemeld." in client.get(f"/exports/{EXPORT}/file").text


def test_a_choice_sets_an_httponly_cookie_and_returns_to_the_page(server: Any) -> None:
    with server.client() as client:
        answer = client.get(language_address("it", f"/preview?export={EXPORT}"), headers=SAME)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/preview?export={EXPORT}"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("portal_language=it; ")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Max-Age=31536000" in cookie


@pytest.mark.keeps("ASVS-3.7.2")
@pytest.mark.parametrize(
    "back",
    ["//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere.example", "", "/x?y=z", "/a/b", "/\r\nx: y"],
)
def test_choosing_never_leads_elsewhere(server: Any, back: str) -> None:
    assert OUR_PAGE.fullmatch(back) is None
    with server.client() as client:
        assert client.get(language_address("it", back), headers=SAME).headers["location"] == "/"


def test_only_our_pages_choose_and_only_known_languages(server: Any) -> None:
    with server.client() as client:
        for site in ({}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "none"}):
            refused = client.get(language_address("it", "/"), headers=site)
            assert refused.status_code == 403
            assert "portal_language" not in refused.headers.get("set-cookie", "")
        assert client.get(language_address("xx", "/"), headers=SAME).status_code == 404
        assert client.post(language_address("it", "/"), headers=SAME).status_code in {403, 405}


def test_who_is_signed_in_keeps_the_choice_in_the_account(server: Any) -> None:
    account = server.ids["auditor@one"]
    assert server.replica.languages.language_of(account) == ""
    with server.client(server.cookie("auditor@one")) as client:
        client.get(language_address("es", "/"), headers=SAME)
    assert server.replica.languages.language_of(account) == "es"
    assert server.replica.languages.language_of(server.ids["auditor@two"]) == ""
    with server.client() as client:
        client.get(language_address("de", "/"), headers=SAME)
    assert server.replica.languages.language_of(account) == "es"


def test_a_header_of_the_browsers_own_chooses_nothing(server: Any, open_page: Any) -> None:
    headers = {"x-portal-language": "fr", "accept-language": "de"}
    with open_page(server.cookie("agent@one"), headers=headers) as page:
        page.rerun()
        assert page.texts["language"] == "de"
