"""A case that ended with a letter: refused, not identified, or without an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.cases.facts import ClosingReason, IdentityMethod, IdentityResult, RefusalReason
from portal.errors import NotFound
from portal.package.parts import Outcome
from portal.package.versions.service import NotReady
from portal.package.versions.views import PackageView, Standing

pytestmark = pytest.mark.keeps("LAW-7", "LAW-8")
Opened = Callable[..., str]
PERSON = "refused.person@example.com"
LETTER = "Your request: our decision\n\nHello,\n\nWe do not act on it, <b>because</b> …\n\nKind regards,\nBrook & Bean"


def refused(desk: Any, opened: Opened) -> str:
    case = opened(email=PERSON)
    desk.portal.case_file.refuse(desk.user("maya"), case, RefusalReason.EXCESSIVE, LETTER)
    return case


def unidentified(desk: Any, opened: Opened) -> str:
    case = opened(email=PERSON)
    desk.portal.case_file.close_not_identified(desk.user("maya"), case, LETTER)
    return case


def build(desk: Any, case: str) -> PackageView:
    made = desk.portal.packages.build(desk.user("sam"), case)
    assert isinstance(made, PackageView)
    return made


def page_of(desk: Any, case: str, package: str, name: str) -> str:
    sam, files = desk.user("sam"), desk.portal.package_files
    path = next(one.path for one in files.members(sam, case, package) if one.path.endswith(name))
    return str(files.member(sam, case, package, path).content.decode())


@pytest.mark.parametrize("end, outcome", [(refused, Outcome.REFUSED), (unidentified, Outcome.NOT_IDENTIFIED)])
def test_the_package_is_the_very_letter_and_nothing_about_the_person(
    desk: Any, opened: Opened, end: Callable[[Any, Opened], str], outcome: Outcome
) -> None:
    case = end(desk, opened)
    built = build(desk, case)
    assert (built.outcome, built.standing) == (outcome, Standing.DRAFT)
    names = [one.path.partition("/")[2] for one in desk.portal.package_files.members(desk.user("sam"), case, built.id)]
    assert names == ["1-READ-ME-FIRST.html", "manifest.html", "manifest.json"]
    page = page_of(desk, case, built.id, "1-READ-ME-FIRST.html")
    assert "<h1>Your request: our decision</h1>" in page
    assert "We do not act on it, &lt;b&gt;because&lt;/b&gt; …" in page and "Kind regards,<br>Brook &amp; Bean" in page
    assert PERSON not in page + page_of(desk, case, built.id, "manifest.json")


def test_a_letter_alone_goes_out_to_who_was_not_recognised(desk: Any, opened: Opened) -> None:
    case, sam, portal = unidentified(desk, opened), desk.user("sam"), desk.portal
    built = build(desk, case)
    assert portal.packages.state(sam, case).may_approve
    portal.packages.approve(sam, case, built.id, built.sha256)
    assert b"".join(portal.package_files.download(sam, case, built.id).chunks).startswith(b"PK")


def test_who_is_recognised_after_all_gets_no_such_letter(desk: Any, opened: Opened) -> None:
    case, sam, portal = unidentified(desk, opened), desk.user("sam"), desk.portal
    build(desk, case)
    portal.case_file.record_identity(sam, case, IdentityMethod.IN_PERSON, IdentityResult.PROVED)
    state = portal.packages.state(sam, case)
    assert state.newest.standing is Standing.OUTDATED
    assert state.needs[0].code == "sources"


def test_a_case_that_ended_without_an_answer_says_why_nothing_is_built(desk: Any, opened: Opened) -> None:
    sam = desk.user("sam")
    for reason, code in ((ClosingReason.TAKEN_BACK, "withdrawn"), (ClosingReason.NO_REQUEST, "closed")):
        case = opened(email=PERSON)
        desk.portal.case_file.close(sam, case, reason)
        assert [one.code for one in desk.portal.packages.state(sam, case).needs] == [code]
        with pytest.raises(NotReady):
            desk.portal.packages.build(sam, case)


def test_the_letter_of_another_merchants_case_is_not_found(desk: Any, opened: Opened) -> None:
    case = refused(desk, opened)
    with pytest.raises(NotFound):
        desk.portal.packages.build(desk.user("maya", "two"), case)
