"""Versions of a case's package: built sealed, looked at as they are, approved, outdated by any later fact."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import NotFound, NotPermitted, StateConflict, StepUpNeeded
from portal.package.parts import Variant
from portal.package.versions.service import NotReady
from portal.package.versions.views import PackageView, Standing
from portal.review.kinds import FileOf
from tests.package.versions.conftest import recognise

Ready = Callable[..., str]
pytestmark = pytest.mark.keeps("LAW-8", "LAW-9")


def newest(desk: Any, case: str) -> PackageView:
    found = desk.portal.packages.state(desk.user("sam"), case).newest
    assert isinstance(found, PackageView)
    return found


def test_an_answer_is_built_looked_at_approved_and_saved(desk: Any, ready: Ready) -> None:
    case, sam, portal = ready(), desk.user("sam"), desk.portal
    assert portal.packages.state(sam, case).needs == ()
    built = portal.packages.build(sam, case)
    assert (built.number, built.standing) == (1, Standing.DRAFT)
    members = portal.package_files.members(sam, case, built.id)
    names = [one.path.partition("/")[2] for one in members]
    assert names[0] == "1-READ-ME-FIRST.html" and "manifest.json" in names
    with pytest.raises(StateConflict):
        portal.package_files.download(sam, case, built.id)
    with pytest.raises(StateConflict, match="identity"):
        portal.packages.approve(sam, case, built.id, built.sha256)
    recognise(desk, case)
    portal.packages.approve(sam, case, built.id, built.sha256)
    assert newest(desk, case).standing is Standing.APPROVED
    saved = b"".join(portal.package_files.download(sam, case, built.id).chunks)
    assert hashlib.sha256(saved).hexdigest() == built.sha256
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        page = archive.read(members[0].path)
        manifest = archive.read(next(one.path for one in members if one.path.endswith("manifest.json")))
    assert portal.package_files.member(sam, case, built.id, members[0].path).content == page
    assert hashlib.sha256(manifest).hexdigest() == built.manifest_sha256
    said = {one["path"]: one["sha256"] for one in json.loads(manifest)["files"]}
    fetched = {one.sha256 for one in portal.case_files.of_case(sam, case) if not one.left_out}
    assert fetched & set(said.values())


def test_of_whom_nothing_is_held_a_package_says_so(desk: Any, nobody: str) -> None:
    sam = desk.user("sam")
    built = desk.portal.packages.build(sam, nobody)
    assert built.outcome.value == "nothing"
    names = [one.path for one in desk.portal.package_files.members(sam, nobody, built.id)]
    assert not any("gift-cards" in name for name in names)
    letter = desk.portal.package_files.member(sam, nobody, built.id, names[0]).content.decode()
    assert "for 24 months after it has ended" in letter


def test_nothing_is_built_before_all_is_settled_and_the_needs_say_why(desk: Any, opened: Any) -> None:
    case = opened(email="two.people@example.com")
    state = desk.portal.packages.state(desk.user("sam"), case)
    assert state.needs[0].code == "sources"
    assert not state.may_build
    with pytest.raises(NotReady):
        desk.portal.packages.build(desk.user("sam"), case)


def test_a_later_decision_makes_an_approved_version_outdated(desk: Any, ready: Ready) -> None:
    case, sam, portal = ready(), desk.user("sam"), desk.portal
    recognise(desk, case)
    built = portal.packages.build(sam, case)
    portal.packages.approve(sam, case, built.id, built.sha256)
    decided = next(one for one in portal.case_files.of_case(sam, case) if one.last_decision)
    review = portal.review if decided.file is FileOf.EXPORT else portal.case_review
    review.undo(sam, decided.id, decided.last_decision)
    assert newest(desk, case).standing is Standing.OUTDATED
    with pytest.raises(StateConflict):
        portal.packages.approve(sam, case, built.id, built.sha256)


def test_a_newer_version_replaces_the_one_before(desk: Any, nobody: str) -> None:
    case, sam, portal = nobody, desk.user("sam"), desk.portal
    recognise(desk, case)
    first, second = portal.packages.build(sam, case), portal.packages.build(sam, case, language="de")
    assert (second.number, second.language) == (2, "de")
    with pytest.raises(StateConflict):
        portal.packages.approve(sam, case, first.id, first.sha256)
    versions = portal.packages.state(sam, case).versions
    assert [(one.number, one.standing) for one in versions] == [(2, Standing.DRAFT), (1, Standing.REPLACED)]


def test_only_what_was_looked_at_is_approved(desk: Any, nobody: str) -> None:
    case, sam = nobody, desk.user("sam")
    recognise(desk, case)
    built = desk.portal.packages.build(sam, case)
    with pytest.raises(StateConflict):
        desk.portal.packages.approve(sam, case, built.id, "0" * 64)


def test_the_builder_does_not_approve_where_two_are_wanted(desk: Any, nobody: str) -> None:
    from portal.storage.tables import Merchant

    case, sam, maya = nobody, desk.user("sam"), desk.user("maya")
    recognise(desk, case)
    built = desk.portal.packages.build(sam, case)

    def wanted(two: bool) -> None:
        with desk.portal.db.write() as session:
            session.get_one(Merchant, sam.merchant_id).packages_need_two = two

    wanted(True)
    try:
        with pytest.raises(NotPermitted):
            desk.portal.packages.approve(sam, case, built.id, built.sha256)
        desk.portal.packages.approve(maya, case, built.id, built.sha256)
    finally:
        wanted(False)
    assert newest(desk, case).approved_by


def test_another_merchant_finds_neither_case_nor_package(desk: Any, nobody: str) -> None:
    case, sam, portal = nobody, desk.user("sam"), desk.portal
    built, stranger = portal.packages.build(sam, case), desk.user("maya", "two")
    for act in (
        lambda: portal.packages.state(stranger, case),
        lambda: portal.packages.build(stranger, case),
        lambda: portal.packages.approve(stranger, case, built.id, built.sha256),
        lambda: portal.package_files.members(stranger, case, built.id),
        lambda: portal.package_files.member(stranger, case, built.id, "manifest.json"),
        lambda: portal.package_files.download(stranger, case, built.id),
    ):
        with pytest.raises(NotFound):
            act()


def test_an_old_proof_neither_builds_nor_looks(desk: Any, nobody: str) -> None:
    case, portal = nobody, desk.portal
    built = portal.packages.build(desk.user("sam"), case)
    old = dataclasses.replace(desk.user("sam"), proof_at=None, origin="198.51.100.7")
    for act in (
        lambda: portal.packages.build(old, case),
        lambda: portal.packages.approve(old, case, built.id, built.sha256),
        lambda: portal.package_files.members(old, case, built.id),
    ):
        with pytest.raises(StepUpNeeded):
            act()


def test_a_portable_copy_is_a_package_of_its_own(desk: Any, nobody: str) -> None:
    case, sam, portal = nobody, desk.user("sam"), desk.portal
    whole = portal.packages.build(sam, case)
    portable = portal.packages.build(sam, case, Variant.PORTABILITY)
    standing = {one.id: one.standing for one in portal.packages.state(sam, case).versions}
    assert standing == {whole.id: Standing.DRAFT, portable.id: Standing.DRAFT}
