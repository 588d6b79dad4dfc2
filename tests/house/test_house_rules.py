"""Rules of the house that no type checker knows, read from the source itself."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.config import FILE_FIELDS, OidcSettings, Settings

pytestmark = pytest.mark.keeps("SEC-11", "SEC-21", "SEC-23", "SEC-42", "SEC-43", "SEC-46", "SEC-54")

ROOT = Path(__file__).resolve().parents[2]
SCREENS = sorted([*(ROOT / "pages").glob("*.py"), *(ROOT / "portal" / "ui").rglob("*.py"), ROOT / "portal" / "app.py"])
NO_SERVICES = {"ui", "web", "commands", "practice", "language", "migrations"}
SERVICES = sorted(path for path in (ROOT / "portal").glob("*/**/*.py") if not NO_SERVICES & set(path.parts))
EVERYTHING = sorted([*(ROOT / "pages").glob("*.py"), *(ROOT / "portal").rglob("*.py")])
MARKDOWN_SINKS = {"markdown", "caption", "error", "warning", "info", "success", "title", "header", "subheader", "badge"}
PERSONAL = {"customer", "subject", "email", "customer_id", "card_id"}


def calls(path: Path) -> Iterator[tuple[ast.Call, str]]:
    """Every call with its dotted name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


@pytest.mark.parametrize("path", SCREENS, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_screen_puts_data_at_a_public_address_or_shared_cache(path: Path) -> None:
    """SEC-23, SEC-42: /media needs no session, and cache_data is everybody's."""
    banned = {"st.download_button", "st.cache_data", "st.cache_resource", "st.image", "st.audio", "st.video", "st.html"}
    banned |= {"st.table", "st.write", "st.components.v1.html", "st.iframe", "st.file_uploader", "st.camera_input"}
    allowed = {("qr_code.py", "st.image")}  # the QR code, as SVG inside the page
    found = {name for _call, name in calls(path) if name in banned}
    assert not {name for name in found if (path.name, name) not in allowed}


@pytest.mark.parametrize("path", SCREENS, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_screen_renders_html_or_puts_a_data_subject_into_markdown(path: Path) -> None:
    """SEC-21: a Markdown sink fetches images that the data names."""
    for call, name in calls(path):
        assert not any(keyword.arg == "unsafe_allow_html" for keyword in call.keywords), name
        if name.rpartition(".")[2] in MARKDOWN_SINKS and name.startswith("st."):
            args = [arg for arg in call.args if not (isinstance(arg, ast.Call) and ast.unparse(arg.func) == "plain")]
            shown = {node.attr for arg in args for node in ast.walk(arg) if isinstance(node, ast.Attribute)}
            assert not shown & PERSONAL, f"{name} shows {shown & PERSONAL}"


def test_only_one_module_reads_the_address() -> None:
    """SEC-43: addresses carry ids only, and one place says which."""
    direct = {path.name for path in SCREENS if re.search(r"st\.query_params", path.read_text(encoding="utf-8"))}
    assert direct <= {"navigation.py", "past_exports.py"}  # the latter keeps its filters, without personal data


@pytest.mark.keeps("ASVS-1.3.2", "ASVS-1.5.2")
@pytest.mark.parametrize("path", SERVICES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_service_neither_prints_nor_reads_data_by_address(path: Path) -> None:
    """SEC-11, SEC-30: pandas gets no path or URL, and nothing goes to standard output."""
    names = {name for _call, name in calls(path)}
    assert "print" not in names
    assert not {name for name in names if re.fullmatch(r"(pd|pandas)\.read_\w+", name)}
    assert not names & {"eval", "exec", "pickle.loads", "os.system"}
    for call, name in calls(path):
        if name == "yaml.load":  # only with a loader of plain data
            assert [ast.unparse(k.value) for k in call.keywords if k.arg == "Loader"] == ["_Strict"]


@pytest.mark.keeps("ASVS-1.2.4", "ASVS-1.2.5", "ASVS-1.3.2", "ASVS-1.5.2")
@pytest.mark.parametrize("path", EVERYTHING, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_statement_command_or_code_is_put_together_from_data(path: Path) -> None:
    """SQL is text of ours with bound parameters, a command a list without a shell, and nothing is run or unpickled."""
    for call, name in calls(path):
        last = name.rpartition(".")[2]
        assert name not in {"eval", "exec", "os.system", "os.popen", "subprocess.getoutput"}, name
        assert not (last in {"load", "loads"} and name.startswith(("pickle.", "marshal.", "dill."))), name
        assert not any(k.arg == "shell" for k in call.keywords), name
        sql = name in {"text", "sa.text", "sqlalchemy.text"} or last in {"exec_driver_sql", "executescript"}
        if sql and call.args:
            parts = [n for n in ast.walk(call.args[0]) if isinstance(n, ast.FormattedValue | ast.BinOp)]
            named = {ast.unparse(n.value) for n in parts if isinstance(n, ast.FormattedValue)}
            assert all(re.fullmatch(r"[A-Z_]+(\[\w+\])?(\.format\(.*\))?", one) for one in named), f"{name}({named})"
            assert not any(isinstance(n, ast.BinOp) for n in parts), name


def test_the_scripts_of_ours_draw_text_only_and_ask_for_nothing() -> None:
    """They run in the page beside personal data: no HTML from text, no request, nothing read of the page's rest."""
    scripts = [name for name in tracked() if name.endswith((".js", ".mjs", ".ts")) and not name.startswith("tests/")]
    sending = "portal/ui/scripts/attach_file.js"  # a file that a person chose, to an address the page was drawn with
    assert scripts == [sending, "portal/ui/scripts/desktop_note.js", "portal/ui/scripts/file_link.js"]
    texts = {script: (ROOT / script).read_text(encoding="utf-8") for script in scripts}
    assert re.findall(r"\b(?:fetch|XMLHttpRequest|open|send)\(.*", texts[sending]) == [
        "XMLHttpRequest();", 'open("PUT", address);', "send(file);"
    ]  # fmt: skip
    texts[sending] = texts[sending].replace("new XMLHttpRequest();", "")
    text = "\n".join(texts.values())
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write", text)
    assert not re.search(r"\beval\b|\bFunction\(|import\(|postMessage", text)
    assert not re.search(r"fetch|XMLHttp|WebSocket|sendBeacon|\.src\b|https?:", text)
    assert not re.search(r"document\.(query|get|cookie|body)", text)


def test_modules_stay_readable() -> None:
    """Aim 300 lines; nothing over 400."""
    long = {
        name: count
        for name in tracked()
        if name.endswith(".py")
        and name.startswith(("portal/", "pages/"))
        and "migrations/versions" not in name
        and (count := len((ROOT / name).read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long


def test_nothing_tracked_is_bulky_or_secret() -> None:
    for name in tracked():
        path = ROOT / name
        if not path.is_file():
            continue
        assert path.stat().st_size <= 1_000_000, name
        if (
            path.suffix in {".py", ".toml", ".txt", ".md", ".json", ".yaml", ".in", ""}
            and path.stat().st_size < 600_000
        ):
            text = path.read_text(encoding="utf-8", errors="replace")
            assert "BEGIN PRIVATE" + " KEY" not in text, name
            assert not re.search(r"(?<![\w/])/(?:root|home|Users)/\w+/", text), name


def test_locked_requirements_name_no_index_and_carry_hashes() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-tools.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "http" + "://" not in text and "https" + "://" not in text and "--index" not in text
        pins = re.findall(r"^[\w.\[\]-]+==", text, re.M)
        assert pins and text.count("--hash=sha256:") >= len(pins)


@pytest.mark.parametrize(
    ("package", "version"),
    [("streamlit", "1.67.0"), ("starlette", "1.10.0"), ("uvicorn", "0.54.0"), ("websockets", "17.4"),
     ("streamlit-authenticator", "0.4.2"), ("dbos", "3.4.0"), ("httpx", "0.28.1"), ("httpcore", "1.0.9")],
)  # fmt: skip
def test_what_we_lean_on_is_pinned_exactly(package: str, version: str) -> None:
    assert f'"{package}=={version}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"{package}=={version}" in (ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_the_documents_name_the_settings_there_are_and_no_others() -> None:
    fields = {f"PORTAL_{name.upper()}" for name in Settings.model_fields}
    fields |= {f"PORTAL_OIDC_{name.upper()}" for name in OidcSettings.model_fields}
    settings = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"PORTAL_[A-Z_]+", settings))
    assert named == fields
    assert {name.removesuffix("_FILE") for name in re.findall(r"PORTAL_[A-Z_]+", readme)} <= fields
    files = {f"PORTAL_{name.upper()}" for name in FILE_FIELDS}
    for row in settings.splitlines():
        if row.startswith("| `PORTAL_"):
            assert ("(*file*)" in row) == (bool(set(re.findall(r"PORTAL_[A-Z_]+", row.split("|")[1])) & files)), row


def test_the_readme_is_for_a_newcomer() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 120
