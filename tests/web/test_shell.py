"""The page shell: Streamlit's own page, ours by name, and shut to a page that is not the one it was made for."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit import file_util

from portal.language import LANGUAGES
from portal.web import bridge
from portal.web.bridge import UnknownFrontEnd, front_end_folder, index_html
from portal.web.shell import END_OF_HEAD, ICON, ICON_MARK, LANGUAGE_MARK, OPENING, TITLE_MARK, shells

pytestmark = pytest.mark.keeps("SEC-44")


def test_the_shell_is_streamlits_page_but_for_language_title_icon_and_opening() -> None:
    found = shells(index_html())
    assert set(found) == set(LANGUAGES)
    for code, shell in found.items():
        text = shell.decode()
        assert f'<html lang="{code}">' in text and "<title>Privacy portal</title>" in text
        theirs = text.replace(OPENING, "").replace(ICON, ICON_MARK).replace("<title>Privacy portal</title>", TITLE_MARK)
        assert theirs.replace(f'<html lang="{code}">', LANGUAGE_MARK) == index_html()


def test_the_shells_script_is_the_one_the_content_policy_knows() -> None:
    for shell in shells(index_html()).values():
        assert bridge.inline_script_hash(shell.decode()) == bridge.inline_script_hash(index_html())


@pytest.mark.parametrize("mark", [LANGUAGE_MARK, TITLE_MARK, ICON_MARK, END_OF_HEAD])
@pytest.mark.parametrize("times", [0, 2])
def test_a_front_end_that_is_built_otherwise_is_refused(mark: str, times: int) -> None:
    with pytest.raises(UnknownFrontEnd):
        shells(index_html().replace(mark, mark * times))


def test_the_front_end_is_found_where_streamlit_says_it_lies() -> None:
    assert front_end_folder() == Path(file_util.get_static_dir())
