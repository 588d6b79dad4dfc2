"""What Streamlit cannot translate is listed, and the list is right for the release that is installed."""

from __future__ import annotations

import re
from pathlib import Path

from streamlit import file_util

ROOT = Path(__file__).resolve().parents[2]


def test_the_listed_words_are_in_streamlits_front_end() -> None:
    doc = (ROOT / "docs" / "languages.md").read_text(encoding="utf-8")
    listed = re.findall(r"`([^`]+)`", doc.partition("<!-- streamlit words -->")[2].partition("<!-- end -->")[0])
    assert len(listed) > 20
    scripts = "\n".join(
        path.read_text(encoding="utf-8", errors="replace")
        for path in (Path(file_util.get_static_dir()) / "static" / "js").glob("*.js")
    )
    assert [words for words in listed if words not in scripts] == []


def test_the_document_names_every_language_and_command() -> None:
    doc = (ROOT / "docs" / "languages.md").read_text(encoding="utf-8")
    for name in ("English", "German", "French", "Spanish", "Italian", "Dutch"):
        assert name in doc
    script = (ROOT / "scripts" / "messages.py").read_text(encoding="utf-8")
    for command in re.findall(r"python scripts/messages\.py (\w+)", doc):
        assert f'["{command}"' in script, command
