"""Every command that the documents name is run here, or looked up here and run in the room that is named.

A command that is neither fails: somebody who copies it from the page must get what the page says.
"""

from __future__ import annotations

import ast
import re
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main

from portal.cli import app
from portal.config import Settings
from tests.command_line import Ran, run_command

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    {ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")}
)
SHELL = {"", "sh", "bash", "shell", "console"}
INLINE = re.compile(
    r"(?<!`)`((?:\.venv/bin/)?(?:python|pytest|make|docker|kubectl|systemctl|psql|uvicorn|streamlit) [^`\n]+)`"
)
PYTHON = {"python", "python3", ".venv/bin/python"}
KEYWORDS = {"do", "done", "then", "fi", "else", "while", "for", "if"}


@dataclass(frozen=True)
class Real:
    """How a sub-command is run here: what it is told, and how it may end in a folder without exports."""

    stdin: str = ""
    status: frozenset[int] = frozenset({0})
    also: tuple[str, ...] = ()


EITHER = frozenset({0, 1})
# In the order they are run in one scratch folder.
RUN_HERE: dict[str, Real] = {
    "accounts add": Real("violet-tractor-pond-91\n"),
    "accounts list": Real(),
    "history": Real(),  # while one account is all there is; later it wants `--as`
    "database check": Real(),
    "database upgrade": Real(),
    "doctor": Real(status=EITHER),  # says what is unsafe here: a fresh folder without https
    "keys check": Real(),
    "keys new": Real(),
    "keys rotate": Real(),
    "audit checkpoint": Real(),
    "audit acknowledge": Real(),
    "audit keys": Real(),
    "audit verify": Real(),
    "inspect": Real(),
    "cases clock": Real('{"id": 1, "received": "2026-03-05", "regime": "EU", "calendar": "DE"}\n'),
    "backup create": Real(),
    "backup check": Real(),
    "backup": Real(),
    "merchants list": Real(),
    "merchants remove": Real("Corner Shop\n", also=("accounts", "add", "x@corner.example", "--merchant", "Corner Shop",
                                                    "--role", "manager", "--password-stdin")),
}  # fmt: skip
RUN_ELSEWHERE = {  # needs a vendor, or does not end by itself
    "serve": "tests/durable/test_real_serve.py",
    "demo": "tests/durable/test_real_serve.py",
    "worker": "tests/durable/test_several_processes.py",
    "practice": "tests/practice/conftest.py",
    "export": "tests/commands/test_export_command.py",
    "cases open": "tests/commands/test_cases_commands.py",
    "cases list": "tests/commands/test_cases_commands.py",
    "cases due": "tests/commands/test_cases_commands.py",
    "cases show": "tests/commands/test_cases_commands.py",
    "delivery show": "tests/commands/test_delivery_command.py",
    "delivery prepare": "tests/commands/test_delivery_command.py",
    "delivery told": "tests/commands/test_delivery_command.py",
    "delivery send": "tests/commands/test_delivery_command.py",
    "delivery new-code": "tests/commands/test_delivery_command.py",
    "delivery confirm-address": "tests/commands/test_delivery_command.py",
    "delivery take-back": "tests/commands/test_delivery_command.py",
    "delivery record": "tests/commands/test_delivery_command.py",
    "copy": "tests/commands/test_copy_command.py",
    "confirm": "tests/commands/test_copy_command.py",
    "cases sources": "tests/commands/test_cases_sources_command.py",
    "package build": "tests/commands/test_package_command.py",
    "package show": "tests/commands/test_package_command.py",
    "package approve": "tests/commands/test_package_command.py",
    "package save": "tests/commands/test_package_command.py",
    "mail test": "tests/commands/test_mail_command.py",
    "mail bounce": "tests/commands/test_mail_command.py",
    "mail poll": "tests/commands/test_mail_command.py",
    "cases note": "tests/commands/test_cases_commands.py",
    "cases extend": "tests/commands/test_cases_commands.py",
    "cases refuse": "tests/commands/test_cases_commands.py",
    "cases close": "tests/commands/test_cases_commands.py",
    "cases retention": "tests/commands/test_cases_commands.py",
    "accounts disable": "tests/commands/test_accounts_command.py",
    "accounts import": "tests/identity/test_credentials_exchange.py",
    "accounts export": "tests/identity/test_credentials_exchange.py",
    "audit evidence": "tests/audit/test_audit_evidence.py",
    "audit export": "tests/audit/test_audit_tampering.py",
    "audit about-person": "tests/audit/test_audit_evidence.py",
    "audit rotate-key": "tests/audit/test_audit_evidence.py",
    "backup restore": "tests/durable/test_backups.py",
    "": "the word alone, as a name for all of them",
}
NOT_OURS = {  # programs of the system or of others: looked up for the files of ours they name, never run
    "install": "needs another user of the machine",
    "mv": "moves keys of a portal that runs",
    "cp": "copies what an operator has",
    "mkdir": "a folder of the operator's choice",
    "chmod": "a file of the operator's",
    "chown": "needs another user of the machine",
    "rm": "removes what an operator has",
    "ls": "looks at what an operator has",
    "cat": "shows what an operator has",
    "echo": "prints",
    "printf": "prints",
    "cd": "a folder of the operator's choice",
    "git": "a checkout of the operator's",
    "curl": "asks a portal that serves",
    "openssl": "makes what an operator chooses",
    "sudo": "needs another user of the machine",
    "useradd": "makes a user of the machine",
    "adduser": "makes a user of the machine",
    "docker": "no container engine in the tests",
    "podman": "no container engine in the tests",
    "kubectl": "no cluster in the tests",
    "helm": "no cluster in the tests",
    "systemctl": "no service manager in the tests",
    "systemd-analyze": "no service manager in the tests",
    "systemd-creds": "no service manager in the tests",
    "journalctl": "no service manager in the tests",
    "nginx": "tried by its own test with the configuration in deploy/",
    "caddy": "a proxy of the operator's",
    "certbot": "asks a public authority",
    "psql": "a database of the operator's",
    "pg_dump": "a database of the operator's",
    "pg_restore": "a database of the operator's",
    "createdb": "a database of the operator's",
    "pip": "asks a package index",
    "uv": "asks a package index",
    "apt-get": "asks a package index",
    "uvicorn": "tests/web/test_ways_to_start.py",
    "streamlit": "tests/web/test_ways_to_start.py",
}
OTHERS_VARIABLES = {"PRACTICE_PORT", "VIRTUAL_ENV", "PGPASSWORD", "PATH", "TZ"}


@dataclass(frozen=True)
class Command:
    page: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {' '.join(self.words)}"


def fenced(text: str) -> Iterator[str]:
    """The lines of shell blocks, continued ones joined, here-documents left out."""
    for block in re.finditer(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", text, re.M | re.S):
        if block[2] not in SHELL:
            continue
        lines = iter(re.sub(r"\\\n\s*", " ", block[3]).splitlines())
        for line in lines:
            yield line
            end = re.search(r"<<-?\s*['\"]?(\w+)", line)
            if end:
                for inner in lines:
                    if inner.strip() == end[1]:
                        break


def simple_commands(line: str) -> Iterator[tuple[str, ...]]:
    """The single commands of a line, without prompts, comments, redirections and words of the shell itself."""
    lexer = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    command: list[str] = []
    for word in [*lexer, ";"]:
        if word and set(word) <= set("|&;"):
            words = without_redirections(command)
            if words and not {"=", "in"} & set(words[1:2]):
                yield tuple(words)
            command = []
        else:
            command.append(word)


def without_redirections(words: list[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word and set(word) <= set("<>()"):
            skip = set(word) <= set("<>")
        else:
            kept.append(word)
    while kept and kept[0] in KEYWORDS:
        kept.pop(0)
    return kept


def commands_of(page: Path) -> Iterator[Command]:
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(ROOT).as_posix()
    prose = re.sub(r"^( *)```.*?^\1```", "", text, flags=re.M | re.S)
    for line in [*fenced(text), *INLINE.findall(prose)]:
        for words in simple_commands(line):
            yield Command(name, words)


COMMANDS = sorted({command for page in PAGES if page.is_file() for command in commands_of(page)}, key=str)


def our_part(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without what stands before a command of ours: variables of this one call, and who runs it."""
    rest = list(words)
    if rest[:1] == ["sudo"]:
        rest.pop(0)
        while rest and rest[0].startswith("-"):
            option = rest.pop(0)
            if option in ("-u", "-g") and rest:
                rest.pop(0)
    while rest and re.match(r"[A-Z_][A-Z0-9_]*=", rest[0]):
        assert known_variable(rest[0].partition("=")[0]), rest[0]
        rest.pop(0)
    return tuple(rest)


def known_variable(name: str) -> bool:
    field = name.removeprefix("PORTAL_").removesuffix("_FILE").lower()
    return name in OTHERS_VARIABLES or (name.startswith("PORTAL_") and field in Settings.model_fields)


def portal_arguments(words: tuple[str, ...]) -> tuple[str, ...] | None:
    if len(words) > 2 and words[0].rpartition("/")[2] in {"python", "python3"} and words[1:3] == ("-m", "portal"):
        return tuple(word for word in words[3:] if word not in {"…", "..."})
    return None


def looked_up(arguments: tuple[str, ...]) -> str:
    """The sub-command's path; fails for a sub-command or an option there is not."""
    command: Any = typer.main.get_command(app)
    path: list[str] = []
    options: list[str] = []
    for word in arguments:
        if word.startswith("--"):
            options.append(word.partition("=")[0])
        elif hasattr(command, "commands"):  # a group; typer brings its own click
            assert word in command.commands, f"no sub-command {word!r}"
            command = command.commands[word]
            path.append(word)
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
    assert not set(options) - known, f"{' '.join(path)} has no {set(options) - known}"
    return " ".join(path)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_command_of_the_documents_is_known(command: Command) -> None:
    words = our_part(command.words)
    if not words:
        return  # variables alone
    program = words[0].rpartition("/")[2] if words[0] not in PYTHON else "python"
    arguments = portal_arguments(words)
    if words[0] == "export":
        assert all(known_variable(word.partition("=")[0]) for word in words[1:])
    elif arguments is not None:
        path = looked_up(arguments)
        assert path in RUN_HERE or path in RUN_ELSEWHERE or "--help" in arguments, "run it here, or say where it is run"
    elif program == "make":
        check_make(words[1:])
    elif program in {"python", "pytest"}:
        check_script(words)
    else:
        assert program in NOT_OURS, f"{program}: run it here, or say why not"
        for word in words[1:]:
            check_file_of_ours(word)


def check_make(words: tuple[str, ...]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for word in words:
        name, is_variable, _value = word.partition("=")
        wanted = rf"^{re.escape(name)}\s*[?:]?=" if is_variable else rf"^{re.escape(name)}:"
        assert re.search(wanted, makefile, re.M), f"the Makefile has no {name}"


def check_script(words: tuple[str, ...]) -> None:
    """A script is there and has the options; a test path is there and its `-k` finds something."""
    rest = list(words[1:])
    is_pytest = words[0] == "pytest" or rest[:2] == ["-m", "pytest"]
    if is_pytest:
        paths = [word for word in rest if word.startswith("tests")]
        assert paths
        for path in paths:
            assert (ROOT / path).exists(), path
        if "-k" in rest:
            wanted = rest[rest.index("-k") + 1]
            files = [
                f for path in paths for f in ([ROOT / path] if path.endswith(".py") else (ROOT / path).rglob("*.py"))
            ]
            assert any(wanted in f.name or wanted in f.read_text(encoding="utf-8") for f in files), wanted
        return
    if rest[:1] == ["-m"]:
        assert rest[1] in {"venv", "pip"}, f"python -m {rest[1]}: run it here, or say why not"
        return
    script = ROOT / rest[0]
    assert script.is_file(), rest[0]
    source = script.read_text(encoding="utf-8")
    ast.parse(source)
    for option in (word.partition("=")[0] for word in rest[1:] if word.startswith("--")):
        assert f'"{option}"' in source, f"{rest[0]} has no {option}"


def check_file_of_ours(word: str) -> None:
    path = word.partition("=")[2] or word
    if re.match(r"(\./)?(deploy|docs|scripts|tools|bench)/[\w./-]+$", path):
        assert (ROOT / path).exists(), path


def test_the_lists_name_only_what_there_is() -> None:
    for path, where in RUN_ELSEWHERE.items():
        looked_up(tuple(path.split()))
        assert not where.startswith("tests/") or (ROOT / where).is_file(), where
    for path in RUN_HERE:
        looked_up(tuple(path.split()))
    assert not set(RUN_HERE) & set(RUN_ELSEWHERE)


def test_commands_are_found_in_blocks_and_in_sentences() -> None:
    assert len(COMMANDS) > 20
    text = "   ```sh\n   A=1 make x | tee y\n   cat > z <<'E'\n   not this\n   E\n   b \\\n     c   # d\n   ```\n"
    assert [words for line in fenced(text) for words in simple_commands(line)] == [
        ("A=1", "make", "x"), ("tee", "y"), ("cat",), ("b", "c"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line", ["python -m portal fly", "python -m portal keys rotate --fast", "make tea", "python scripts/none.py",
             "python bench/history.py --none", "tea --now", "pytest tests/none", "PORTAL_NONE=1 make run"],
)  # fmt: skip
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    (words,) = simple_commands(line)
    with pytest.raises(AssertionError):
        test_a_command_of_the_documents_is_known(Command("x", words))


def test_commands_of_the_portal_run_as_the_documents_say(tmp_path: Path) -> None:
    """One scratch portal; every documented call of a sub-command listed above, in its order."""
    documented: dict[str, list[tuple[str, ...]]] = {path: [] for path in RUN_HERE}
    for command in COMMANDS:
        arguments = portal_arguments(our_part(command.words))
        if arguments is not None and (path := looked_up(arguments)) in RUN_HERE and arguments not in documented[path]:
            documented[path].append(arguments)
    place = Scratch(tmp_path)
    ran = 0
    for path, real in RUN_HERE.items():
        for arguments in documented[path]:
            if real.also:
                place.run(*real.also, stdin="violet-tractor-pond-91\n")
            done = place.run(*place.filled(arguments), stdin=real.stdin, allowed=real.status)
            assert "Traceback" not in done.stderr, (arguments, done.stderr[-2000:])
            ran += 1
    assert ran >= 8


class Scratch:
    """A portal of its own in a temporary folder, as the README sets one up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backups = 0
        keys = folder / "keys"
        keys.mkdir(mode=stat.S_IRWXU)
        self.variables = {"PORTAL_KEYSET_PATH": str(keys / "master.keyset.json")}
        (folder / "sample.json").write_text('{"customer": {"email": "ada@example.com"}}')

    def filled(self, arguments: tuple[str, ...]) -> tuple[str, ...]:
        """The arguments with the documents' stand-ins replaced."""
        self.backups += arguments[:2] == ("backup", "create")
        backup = str(self.folder / f"backup{self.backups}")
        file = str(self.folder / ("sample.json" if arguments[0] == "inspect" else "file-keys"))
        given = {"FOLDER": backup, "FILE": file}
        if arguments[0] == "backup":
            first = next((w for w in arguments[2:] if w.startswith("/")), "")
            given |= {first: backup} | {w: file for w in arguments[3:] if w.startswith("/") and w != first}
        return tuple(given.get(word, word) for word in arguments)

    def run(self, *arguments: str, stdin: str = "", allowed: frozenset[int] = frozenset({0})) -> Ran:
        done = run_command(*arguments, data=self.folder / "data", typed=stdin, variables=self.variables)
        assert done.returncode in allowed, (arguments, done.returncode, done.stdout[-1500:], done.stderr[-1500:])
        return done
