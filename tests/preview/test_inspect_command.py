"""`python -m portal inspect`: a local file through the preview's code, as JSON, never a stack trace."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import Ran, run_command

Inspect = Callable[..., Ran]
SOURCE = b'card,surname,note,cashier\n0012345678,NA,,Bo Ek\n007,null,"=1+1",\n'


@pytest.fixture
def inspect(tmp_path: Path) -> Inspect:
    return lambda *arguments: run_command("inspect", *arguments, data=tmp_path / "none")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a file.csv"
    path.write_bytes(SOURCE)
    return path


def test_one_json_tells_tables_warnings_and_others(inspect: Inspect, file: Path) -> None:
    run = inspect(file, "--json")
    told = json.loads(run.stdout)
    assert run.returncode == 0
    assert told["tables"] == [
        {
            "name": "rows",
            "columns": ["card", "surname", "note", "cashier"],
            "rows": 2,
            "notes": [],
            "first": [["0012345678", "NA", "", "Bo Ek"], ["007", "null", "=1+1", ""]],
        }
    ]
    assert told["warnings"] == []
    assert told["verdict"] == "unnamed"
    assert [check["key"] for check in told["checks"]] == ["format", "one_person", "complete", "content"]
    assert {"place": "rows, row 1, cashier", "kind": "staff", "confidence": 0.85} in told["others"]


def test_card_numbers_are_printed_in_full_only_when_asked_for(inspect: Inspect, tmp_path: Path) -> None:
    number = "6006491234567417"
    file = tmp_path / "cards.json"
    file.write_text(json.dumps({"giftCards": [{"cardNumber": number, "note": f"see {number}"}]}), encoding="utf-8")
    for way in (["--all"], ["--json"], []):
        masked, full = inspect(file, *way), inspect(file, *way, "--card-numbers")
        assert (masked.returncode, full.returncode) == (0, 0)
        assert number not in masked.stdout
        assert number in full.stdout or not way


def test_every_row_is_a_line_with_missing_absent_and_null_null(inspect: Inspect, tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    file.write_text('[{"a":1.10,"b":null},{"a":"1.10"},{"b":"null","c":"ł\\ud800"}]', encoding="utf-8")
    run = inspect(file, "--all")
    assert run.returncode == 0
    assert [json.loads(line)["row"] for line in run.stdout.splitlines()] == [
        {"a": "1.10", "b": None},
        {"a": "1.10"},
        {"b": "null", "c": "ł\\ud800"},
    ]


@pytest.mark.parametrize(
    ("name", "data", "columns"),
    [
        ("export", b'  {"a": {"b": 1}}', ["b"]),
        ("export.txt", b"a;b\n1;2\n", ["a", "b"]),
        ("export.dat", b"\xef\xbb\xbf[{}]", ["value"]),
        ("export.jsonl", b'{"a":1}\n{"a":2}\n', ["a"]),
    ],
)
def test_the_format_is_guessed_from_the_name_or_the_content(
    inspect: Inspect, tmp_path: Path, name: str, data: bytes, columns: list[str]
) -> None:
    (tmp_path / name).write_bytes(data)
    assert json.loads(inspect(tmp_path / name, "--json").stdout)["tables"][0]["columns"] == columns


def test_a_format_that_is_named_wins(inspect: Inspect, file: Path) -> None:
    run = inspect(file, "--format", "json", "--json")
    told = json.loads(run.stdout)
    assert (run.returncode, told["tables"]) == (1, [])
    assert "not JSON" in told["warnings"][0]["message"]
    assert "not JSON" in run.stderr


@pytest.mark.parametrize("name", ["nothing-here.csv", ""])
def test_a_file_that_is_not_there_is_status_2_and_a_sentence(inspect: Inspect, tmp_path: Path, name: str) -> None:
    run = inspect(tmp_path / name, "--json")
    assert (run.returncode, run.stdout) == (2, "")
    assert "Traceback" not in run.stderr
    assert run.stderr.strip().endswith(".")


def test_a_format_nobody_knows_is_status_2(inspect: Inspect, file: Path) -> None:
    run = inspect(file, "--format", "xml")
    assert run.returncode == 2
    assert "json or csv" in run.stderr


def test_bytes_of_no_format_give_no_stack_trace(inspect: Inspect, tmp_path: Path) -> None:
    file = tmp_path / "noise.csv"
    file.write_bytes(bytes(range(256)) * 20)
    run = inspect(file, "--json")
    assert run.returncode == 0
    assert json.loads(run.stdout)["warnings"]
    assert "Traceback" not in run.stderr


def test_a_reader_that_stops_early_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_bytes(b"a,b\n" + b"1,2\n" * 200_000)
    with subprocess.Popen(
        [sys.executable, "-m", "portal", "inspect", str(file), "--all"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None and run.stderr is not None
        assert json.loads(run.stdout.readline())["row"] == {"a": "1", "b": "2"}
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 0
