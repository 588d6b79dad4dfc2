"""What a newcomer's machine lacks is said before anything is made, in words that help (`make run`, `make test`)."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def test_a_python_without_venv_is_told_before_anything_is_made() -> None:
    program = "import runpy, sys; sys.modules['ensurepip'] = None; runpy.run_path('scripts/check_python.py')"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "apt-get install python3-venv" in done.stderr and "Traceback" not in done.stderr
    assert "python3-venv" in (ROOT / "README.md").read_text(encoding="utf-8").split("make run")[0]


@pytest.mark.parametrize("target", ["run", "check"])
def test_a_virtual_environment_that_could_not_be_made_leaves_nothing(tmp_path: Path, target: str) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).touch()
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\n[ "$1" != -m ] && exit 0\nmkdir -p "$4/bin"; touch "$4/bin/python"; exit 1\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["make", target, f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and not (tmp_path / ".venv").exists() and not (tmp_path / ".make").exists(), done


def test_a_half_made_virtual_environment_is_made_anew(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    told = subprocess.run(
        ["make", "--dry-run", ".venv/bin/pip"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "venv --clear" in told.stdout


def test_without_root_one_sentence_names_all_packages_and_nothing_is_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    programs = load("find_programs")
    monkeypatch.setattr(programs, "missing", lambda needs: [p for need in needs for p in programs.PROGRAMS[need]])
    monkeypatch.setattr(programs.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(programs.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(programs.subprocess, "run", lambda *a, **k: pytest.fail("nothing may be run"))
    assert programs.main(list(programs.PROGRAMS)) == 1
    out, err = capsys.readouterr()
    packages = [p.package for found in programs.PROGRAMS.values() for p in found]
    assert out == "" and err.count("\n") == 1 and err.endswith(f"apt-get install {' '.join(packages)}\n")


def test_as_root_it_says_what_it_installs_and_leaves_no_service(
    monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path: Path
) -> None:
    programs = load("find_programs")
    done: list[list[str]] = []
    said: list[str] = []

    def run(command: list[str], **_options: Any) -> subprocess.CompletedProcess[str]:
        if "install" in command:
            said.append(capsys.readouterr().out)
            assert (tmp_path / "policy-rc.d").exists(), "a package's service would be started"
        if command[0] == "tee":
            (tmp_path / "policy-rc.d").touch()
        elif command[0] == "rm":
            (tmp_path / "policy-rc.d").unlink()
        done.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(programs, "POLICY", tmp_path / "policy-rc.d")
    monkeypatch.setattr(programs, "missing", lambda needs: programs.PROGRAMS["nginx"] if not done else [])
    monkeypatch.setattr(programs.os, "geteuid", lambda: 0)
    monkeypatch.setattr(programs.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(programs.subprocess, "run", run)
    assert programs.main(["nginx"]) == 0
    assert len(said) == 1 and "nginx" in said[0]
    assert ["systemctl", "disable", "nginx.service"] in done and not (tmp_path / "policy-rc.d").exists()


def test_a_chromium_is_found_without_starting_playwrights_driver(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    browser = load("find_browser")
    chrome = tmp_path / "chromium-1200" / "chrome-linux64" / "chrome"
    chrome.parent.mkdir(parents=True)
    chrome.touch(mode=0o755)
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    monkeypatch.setattr(browser, "MAC", ())
    monkeypatch.delenv("PORTAL_CHROMIUM", raising=False)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert browser.find() == str(chrome)
    assert "playwright" not in (ROOT / "scripts" / "find_programs.py").read_text(encoding="utf-8").split("import", 1)[1]


def test_make_check_sets_up_what_its_rooms_need() -> None:
    """Rooms of `scripts/check.py --quick` use the S3 server and the Node tools; browsers and nginx they do not."""
    recipe = next(line for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines() if line[:6] == "check:")
    assert {".make/dev", ".make/tools", ".make/node"} <= set(recipe.split())
    assert os.access(ROOT / "scripts" / "find_programs.py", os.R_OK)
