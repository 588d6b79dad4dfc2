"""The page shell: Streamlit's own page, ours by name, and shut to a page that is not the one it was made for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit import file_util

from portal.config import Settings
from portal.language import LANGUAGES
from portal.web.gate.headers import security_headers
from portal.web.streamlit import front_end
from portal.web.streamlit.front_end import UnknownFrontEnd, front_end_folder, index_html
from portal.web.streamlit.shell import (
    END_OF_HEAD,
    ICON,
    ICON_MARK,
    LANGUAGE_MARK,
    OPENING,
    REPAIRS,
    SCRIPT,
    SCRIPT_MARK,
    TITLE_MARK,
    shells,
)

pytestmark = pytest.mark.keeps("SEC-44")


def test_the_shell_changes_only_what_it_says_of_streamlits_page() -> None:
    found = shells(index_html())
    assert set(found) == set(LANGUAGES)
    for code, ours in found.items():
        text = ours.decode()
        assert f'<html lang="{code}">' in text and "<title>Privacy portal</title>" in text
        theirs = text.replace(OPENING, "").replace(REPAIRS, "").replace(SCRIPT, SCRIPT_MARK)
        theirs = theirs.replace(ICON, ICON_MARK).replace("<title>Privacy portal</title>", TITLE_MARK)
        assert theirs.replace(f'<html lang="{code}">', LANGUAGE_MARK) == index_html()


def test_the_shells_script_is_the_one_the_content_policy_knows(tmp_path: Path) -> None:
    policy = security_headers(Settings(data_dir=tmp_path))["content-security-policy"]
    for ours in shells(index_html()).values():
        assert f"script-src 'self' '{front_end.inline_script_hash(ours.decode())}';" in policy


def test_the_shells_script_asks_nothing_and_reads_nothing_of_the_page() -> None:
    """It runs beside personal data: no request, no HTML from text, nothing kept."""
    assert not re.search(r"innerHTML|eval|fetch|XMLHttp|cookie|Storage|\.src\b|https?:|postMessage|textContent", SCRIPT)


@pytest.mark.parametrize("mark", [LANGUAGE_MARK, TITLE_MARK, ICON_MARK, SCRIPT_MARK, END_OF_HEAD])
@pytest.mark.parametrize("times", [0, 2])
def test_a_front_end_that_is_built_otherwise_is_refused(mark: str, times: int) -> None:
    with pytest.raises(UnknownFrontEnd):
        shells(index_html().replace(mark, mark * times))


def test_the_front_end_is_found_where_streamlit_says_it_lies() -> None:
    assert front_end_folder() == Path(file_util.get_static_dir())
