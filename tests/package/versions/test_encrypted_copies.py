"""The encrypted copy of an approved version: its words are given once, to one person, and are kept nowhere."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import pytest
import pyzipper

from portal.errors import NotFound, StateConflict, StepUpNeeded
from portal.package.encrypted import INNER
from portal.package.versions.copy_words import HELD_MINUTES, MOST, CopyWords
from portal.package.versions.views import PackageView
from portal.storage.tables import AuditEntry
from tests.package.versions.conftest import recognise

pytestmark = pytest.mark.keeps("SEC-23", "LAW-8")


@pytest.fixture
def approved(desk: Any, nobody: str) -> tuple[str, PackageView]:
    sam = desk.user("sam")
    recognise(desk, nobody)
    built = desk.portal.packages.build(sam, nobody)
    desk.portal.packages.approve(sam, nobody, built.id, built.sha256)
    return nobody, built


def test_the_words_open_the_very_package(desk: Any, approved: tuple[str, PackageView]) -> None:
    (case, built), sam, files = approved, desk.user("sam"), desk.portal.package_files
    copy = files.encrypt(sam, case, built.id)
    sent = b"".join(files.encrypted(sam, case, built.id, copy.id).chunks)
    with pyzipper.AESZipFile(io.BytesIO(sent)) as archive:
        inner = archive.read(INNER, pwd=copy.words.encode())
    assert inner == b"".join(files.download(sam, case, built.id).chunks)


def test_making_and_saving_a_copy_leave_entries_without_words(desk: Any, approved: tuple[str, PackageView]) -> None:
    (case, built), sam, files = approved, desk.user("sam"), desk.portal.package_files
    copy = files.encrypt(sam, case, built.id)
    files.encrypted(sam, case, built.id, copy.id)
    with desk.portal.db.read() as session:
        entries = session.query(AuditEntry).filter_by(object_id=case).order_by(AuditEntry.seq.desc()).limit(2).all()
        said = str([{name: str(value) for name, value in vars(one).items()} for one in entries])
    assert {one.action for one in entries} == {"package:encrypt", "package:download"}
    assert copy.words not in said and copy.words not in repr(copy)


def test_a_copy_needs_an_approved_version_and_a_fresh_proof(desk: Any, nobody: str) -> None:
    sam, files = desk.user("sam"), desk.portal.package_files
    built = desk.portal.packages.build(sam, nobody)
    with pytest.raises(StateConflict):
        files.encrypt(sam, nobody, built.id)
    old = dataclasses.replace(sam, proof_at=None, origin="198.51.100.7")
    with pytest.raises(StepUpNeeded):
        files.encrypt(old, nobody, built.id)


def test_a_copy_is_one_persons_and_one_packages(desk: Any, approved: tuple[str, PackageView]) -> None:
    (case, built), sam, maya, files = approved, desk.user("sam"), desk.user("maya"), desk.portal.package_files
    copy = files.encrypt(sam, case, built.id)
    with pytest.raises(StateConflict):
        files.encrypted(maya, case, built.id, copy.id)
    for act in (files.encrypt, lambda *ids: files.encrypted(*ids, copy.id)):
        with pytest.raises(NotFound):
            act(desk.user("maya", "two"), case, built.id)


def test_an_outdated_or_replaced_version_is_given_out_no_longer(desk: Any, approved: tuple[str, PackageView]) -> None:
    (case, built), sam, files = approved, desk.user("sam"), desk.portal.package_files
    copy = files.encrypt(sam, case, built.id)
    desk.portal.packages.build(sam, case)
    for act in (files.download, files.encrypt, lambda *ids: files.encrypted(*ids, copy.id)):
        with pytest.raises(StateConflict, match="replaced"):
            act(sam, case, built.id)


def test_words_are_gone_after_their_time() -> None:
    now = 0.0
    words = CopyWords(lambda: now)
    copy = words.hold("sam", "package", "one-two")
    assert words.words_of("sam", "package", copy.id) == "one-two"
    assert words.words_of("sam", "another", copy.id) is None
    now = HELD_MINUTES * 60
    assert words.words_of("sam", "package", copy.id) is None


def test_many_copies_of_one_account_push_out_only_its_own() -> None:
    words = CopyWords()
    others = words.hold("maya", "package", "of maya")
    copies = [words.hold("sam", "package", str(number)) for number in range(MOST + 1)]
    kept = [words.words_of("sam", "package", one.id) for one in copies]
    assert kept == [None, *(str(number) for number in range(1, MOST + 1))]
    assert words.words_of("maya", "package", others.id) == "of maya"
