"""LibreOffice and Gnumeric without a screen: the programs people open derived files with, as an independent judge."""

import importlib.util
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120


@pytest.fixture(scope="session")
def programs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("find_spreadsheets", ROOT / "scripts" / "find_spreadsheets.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if module.libreoffice() is None or module.gnumeric() is None:
        pytest.fail("LibreOffice or Gnumeric is not installed: run scripts/find_programs.py spreadsheets")
    return module


@pytest.fixture(scope="session")
def libreoffice(programs: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """(file, wanted format, import filter) -> the file LibreOffice makes of it, with a profile of its own."""
    profile = tmp_path_factory.mktemp("profile")

    def convert(source: Path, to: str, infilter: str = "") -> Path:
        out = source.parent / "by-libreoffice"
        command = [programs.libreoffice(), "--headless", f"-env:UserInstallation=file://{profile}"]
        command += [f"--infilter={infilter}"] if infilter else []
        run = subprocess.run(
            [*command, "--convert-to", to, "--outdir", str(out), str(source)],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        made = out / f"{source.stem}.{to.partition(':')[0]}"
        assert made.exists(), run.stderr
        return made

    return convert


@pytest.fixture(scope="session")
def gnumeric(programs: ModuleType) -> Callable[..., Path]:
    """(file, suffix) -> the file Gnumeric makes of it; whatever it complains about fails the test."""

    def convert(source: Path, suffix: str) -> Path:
        made = source.parent / f"{source.stem}-by-gnumeric.{suffix}"
        run = subprocess.run(
            [programs.gnumeric(), str(source), str(made)], capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert run.returncode == 0 and made.exists(), run.stderr
        assert "CRITICAL" not in run.stderr and "nvalid" not in run.stderr, run.stderr
        return made

    return convert
