"""No secret in any version of any file git ever kept, not only in those of today (SEC-46)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.keeps("SEC-46")

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 2_000_000  # bytes; a larger one is a finding by itself
# In pieces, so that this file is not its own first finding.
SECRETS = {
    "private key": rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE" + rb" KEY-----\s*\n?[A-Za-z0-9+/=]{16}",
    "cloud access key": rb"\b(?:AKIA|ASIA)" + rb"[0-9A-Z]{16}\b",
    "google key": rb"\bAIza" + rb"[0-9A-Za-z_-]{35}\b",
    "github token": rb"\b(?:gh[pousr]_[0-9A-Za-z]{36}|github" + rb"_pat_[0-9A-Za-z_]{40,})",
    "slack token": rb"\bxox" + rb"[abprs]-[0-9A-Za-z-]{20,}",
    "package registry token": rb"\bpypi-" + rb"AgEIcHlwaS[0-9A-Za-z_-]{50,}",
    "signed web token": rb"\beyJ" + rb"[0-9A-Za-z_-]{20,}\.eyJ[0-9A-Za-z_-]{20,}\.[0-9A-Za-z_-]{20,}",
    "cleartext keyset": rb'"keyMaterialType"\s*:\s*"SYMMETRIC"[^}]{0,200}"value"\s*:\s*"' + rb"[A-Za-z0-9+/]{40,}",
}
PATTERNS = {name: re.compile(pattern) for name, pattern in SECRETS.items()}


def found_in(content: bytes) -> set[str]:
    return {name for name, pattern in PATTERNS.items() if pattern.search(content)}


def every_object() -> dict[str, str]:
    """Object id -> path, of all commits that any branch or tag reaches."""
    command = ["git", "rev-list", "--objects", "--all"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    pairs = (line.partition(" ") for line in listed.splitlines())
    return {one: path for one, _space, path in pairs if path}


def contents(ids: list[str]) -> Iterator[tuple[str, bytes]]:
    """(object id, bytes) of those that are files, by one git process."""
    asked = "\n".join(ids).encode() + b"\n"
    command = ["git", "cat-file", "--batch"]
    given = subprocess.run(command, cwd=ROOT, input=asked, capture_output=True, check=True).stdout
    at = 0
    while at < len(given):
        end = given.index(b"\n", at)
        name, kind, size = given[at:end].decode().split()
        start = end + 1
        at = start + int(size) + 1
        if kind == "blob":
            yield name, given[start : at - 1]


def test_no_version_of_any_file_holds_a_secret() -> None:
    paths = every_object()
    seen = 0
    for name, content in contents(list(paths)):
        seen += 1
        assert len(content) <= LARGEST, paths[name]
        assert not found_in(content), f"{paths[name]} ({name[:12]}): {found_in(content)}"
    assert seen > 100, "the search must have seen the tree at least"


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("private key", "-----BEGIN EC PRIVATE" + " KEY-----\nMHcCAQEEIAsDExample0Example0"),
        ("cloud access key", "AKIA" + "IOSFODNN7EXAMPLE"),
        ("google key", "AIza" + "x" * 35),
        ("github token", "ghp_" + "x" * 36),
        ("slack token", "xoxb-" + "1" * 24),
        ("package registry token", "pypi-" + "AgEIcHlwaS" + "x" * 60),
        ("signed web token", ".".join(("eyJ" + "x" * 24, "eyJ" + "y" * 24, "z" * 24))),
        ("cleartext keyset", '"keyMaterialType": "SYMMETRIC", "typeUrl": "t", "value": "' + "A" * 44 + '"'),
    ],
)
def test_a_planted_secret_would_be_found(name: str, planted: str) -> None:
    assert found_in(f"before {planted} after".encode()) == {name}
