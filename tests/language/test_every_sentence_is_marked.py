"""No sentence reaches a screen past the catalogues: read from the source of every page and every piece of one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCREENS = sorted([*(ROOT / "pages").glob("*.py"), *(ROOT / "portal" / "ui").rglob("*.py"), ROOT / "portal" / "app.py"])
MARKERS = {"_", "later", "plural", "sentence"}
DRAWING = set(
    """
    text title caption markdown info warning error success header subheader badge button link_button text_input
    text_area selectbox multiselect radio toggle checkbox number_input date_input metric expander tabs
    form_submit_button spinner progress dialog dataframe altair_chart status toast popover pills segmented_control
    Page TextColumn set_page_config field_problem show_problem InputError InputErrors help feedback menu_button
    page_link vega_lite_chart
    """.split()
)
SHOWN = {
    "label",
    "help",
    "placeholder",
    "text",
    "alt",
    "title",
    "page_title",
    "body",
    "message",
    "next_step",
    "caption",
}
CODES = re.compile(r":material/\w+:|[a-z0-9_.\-/]*|[A-Z]{2,5}|[\W\d_]*|name@example\.com|https?://\S+|\?\w+=|\\n")
NOT_WORDS = {"Brook & Bean Coffee"}
READ_ONCE = sorted((ROOT / "portal" / "ui").rglob("*.py"))


def literal_words(path: Path) -> Iterator[str]:
    """Words handed to something that draws, outside any marker."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        shown = [*node.args, *(k.value for k in node.keywords if k.arg in SHOWN)] if name in DRAWING else []
        shown += [k.value for k in node.keywords if k.arg in SHOWN - {"text", "title", "body"}]
        for value in shown:
            for text in outside_markers(value):
                if not CODES.fullmatch(text) and text not in NOT_WORDS and re.search(r"[A-Za-z]{3}", text):
                    yield f"{path.name}:{node.lineno}: {text!r}"


def outside_markers(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Call | ast.Lambda | ast.Subscript | ast.Compare | ast.Attribute | ast.Dict):
        return  # what a call gives is its own affair; a marker's text is in the catalogue
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.sub(r":(?:material/\w+|\w+\[)|\*\*|\s+", " ", node.value).strip()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FormattedValue):
            continue
        if isinstance(child, ast.expr):
            yield from outside_markers(child)


@pytest.mark.parametrize("path", SCREENS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_screen_draws_no_words_past_the_catalogues(path: Path) -> None:
    assert list(literal_words(path)) == []


def test_an_unmarked_sentence_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text(
        'st.button("Send it")\nst.text(_("Marked"))\nst.info(f"**Bold** {x} more words")\nst.badge("x", icon=":a:")'
    )
    assert [line.partition(": ")[2] for line in literal_words(page)] == ["'Send it'", "'Bold'", "'more words'"]


@pytest.mark.parametrize("path", READ_ONCE, ids=lambda p: p.name)
def test_a_module_read_once_a_process_translates_nothing_while_it_is_read(path: Path) -> None:
    """Its constants would be in the language of whoever came first."""
    early: list[str] = []

    def look(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                for part in [*child.decorator_list, *child.args.defaults]:
                    look_into(part)
                continue
            if isinstance(child, ast.Lambda):
                continue
            look_into(child, deeper=False)
            look(child)

    def look_into(node: ast.AST, *, deeper: bool = True) -> None:
        for part in ast.walk(node) if deeper else [node]:
            if isinstance(part, ast.Call) and ast.unparse(part.func) in {"_", "plural", "sentence"}:
                early.append(f"{path.name}:{part.lineno}: {ast.unparse(part)}")

    look(ast.parse(path.read_text(encoding="utf-8")))
    assert early == []


@pytest.mark.parametrize("path", SCREENS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_marker_holds_plain_text_that_can_be_found(reading: ModuleType, path: Path) -> None:
    """An f-string inside `_` would be another message at every value."""
    list(reading.marked(path))


@pytest.mark.parametrize("path", SCREENS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_screen_shows_what_an_error_says_in_the_readers_language(path: Path) -> None:
    """`error.message` is English; `sentence(error.message)` is what a person reads."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"sentence", "field_problem"}
        for part in ast.walk(node)
    }
    bare = [
        f"{path.name}:{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"message", "next_step", "problem"} and id(node) not in told
        and isinstance(node.ctx, ast.Load)
    ]  # fmt: skip
    assert bare == []


def test_words_said_below_still_stand_where_the_catalogue_says(reading: ModuleType) -> None:
    """A word that is no sentence is listed by hand; it must be said there still."""
    for name, words in reading.WORDS.items():
        path = ROOT / "portal" / name
        source = path.read_text(encoding="utf-8")
        said = {reading.template(node) for node in reading.texts_of(path)}
        missing = [word for word in words if word not in said and f'"{word}"' not in source]
        assert not missing, (name, missing, [s for s in said if s and any(w[:6] in s for w in missing)])
