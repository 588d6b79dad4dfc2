"""What was left out, told to the person: a line for each marker of the copy, and never what stood there."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from portal.exports.core.download import DocumentKind, FileKind
from portal.preview.inspection.others import find_others
from portal.redaction.reasons import Reason
from portal.review.copying.copies import Undecided
from portal.review.copying.spliced import StillThere
from portal.review.kinds import Choice, GroupKind
from portal.review.views import CellPlace
from portal.review.weighing import SecondPersonNeeded
from portal.storage.answering.review_tables import ReviewApproval, ReviewDecision
from portal.storage.case_tables import Case
from portal.storage.tables import AuditEntry

MARK = re.compile(r"\[withheld 0*([1-9][0-9]*): [^\]]+\]")


@pytest.fixture(scope="module", params=["json", "csv"])
def ready(request: pytest.FixtureRequest, desk: Any) -> str:
    return str(desk.run("ada@example.com", format=request.param).id)


@pytest.fixture(autouse=True)
def forgotten(desk: Any) -> Iterator[None]:
    yield
    with desk.portal.db.write() as session:
        for table in (ReviewDecision, ReviewApproval):
            session.execute(delete(table))
        session.execute(update(Case).values(language=""))


def listed(desk: Any, export_id: str, kind: DocumentKind = DocumentKind.JSON) -> Any:
    data = b"".join(desk.portal.left_out_lists.document(desk.user("sam"), export_id, kind).chunks).decode()
    return json.loads(data) if kind is DocumentKind.JSON else data


def redacted(desk: Any, export_id: str) -> str:
    return b"".join(desk.portal.files.open_file(desk.user("sam"), export_id, FileKind.REDACTED).chunks).decode()


def test_the_list_has_a_line_for_each_marker_of_the_copy(desk: Any, ready: str) -> None:
    desk.decide_as_proposed(ready)
    copy, told, page = redacted(desk, ready), listed(desk, ready), listed(desk, ready, DocumentKind.HTML)
    found = [found[0] for found in MARK.finditer(copy)]
    assert sorted(found) == sorted(one["marker"] for one in told["places"]) and len(found) == told["left_out"] > 20
    assert page.count('<td class="n">') == len(found) + len({one["sentence"] for one in told["places"]})
    assert told["refused_in_part"] and any("complaint" in one for one in told["right_to_complain"])
    assert {one["reason"] for one in told["places"]} >= {"staff", "other_contact"}
    assert all(one["sentence"].endswith(".") and one["where"] for one in told["places"])


def test_a_pointer_of_the_list_leads_to_its_marker_in_the_copy(desk: Any) -> None:
    export_id = desk.run("ada@example.com").id
    desk.decide_as_proposed(export_id)
    whole, told = json.loads(redacted(desk, export_id)), listed(desk, export_id)
    for one in told["places"]:
        value: Any = whole
        for step in one["pointer"].split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            value = value[int(step)] if isinstance(value, list) else value[step]
        assert one["marker"] in value


def test_neither_the_list_nor_its_page_says_anything_of_the_others(desk: Any, ready: str) -> None:
    preview = desk.portal.files.open_preview(desk.user("sam"), ready)
    asked = desk.portal.files.asked_person(desk.user("sam"), ready)
    for group in desk.portal.review.state(desk.user("sam"), ready).groups:
        if not group.automatic:
            desk.portal.review.decide(desk.user("sam"), ready, group.id, Choice.LEAVE_OUT)
    texts = set()
    for one in find_others(preview, asked):
        table = preview.table(one.table)
        texts.add(str(table.rows(one.row, one.row + 1)[0][table.columns.index(one.column)]))
    said = json.dumps(listed(desk, ready)) + listed(desk, ready, DocumentKind.HTML)
    assert texts and not [text for text in texts if len(text) > 4 and text in said]


@pytest.mark.parametrize("kind", DocumentKind)
def test_there_is_no_list_before_there_is_a_copy(desk: Any, ready: str, kind: DocumentKind) -> None:
    review, sam = desk.portal.review, desk.user("sam")
    with pytest.raises(Undecided):
        listed(desk, ready, kind)
    desk.decide_as_proposed(ready)
    staff = next(one for one in review.state(sam, ready).groups if one.kind is GroupKind.STAFF)
    review.decide(sam, ready, staff.id, Choice.LEAVE_OUT, Reason.LEGAL_HOLD)
    with pytest.raises(SecondPersonNeeded):
        listed(desk, ready, kind)


def test_a_list_taken_out_is_in_the_trail_with_its_digest_and_no_name(desk: Any, ready: str) -> None:
    desk.decide_as_proposed(ready)
    page = listed(desk, ready, DocumentKind.HTML).encode()
    with desk.portal.db.read() as session:
        about = (AuditEntry.action == "review:list", AuditEntry.object_id == ready)
        entry = session.scalars(select(AuditEntry).where(*about).order_by(AuditEntry.seq.desc())).first()
    assert entry.facts["sha256"] == hashlib.sha256(page).hexdigest() and entry.facts["kind"] == "html"
    assert entry.facts["places"] > 20 and "gift" not in str(entry.facts)


def test_the_case_s_language_is_that_of_markers_and_list(desk: Any, ready: str) -> None:
    desk.decide_as_proposed(ready)
    with desk.portal.db.write() as session:
        session.execute(update(Case).values(language="de-AT"))
    assert re.search(r"\[withheld 0*1: Kontakt einer anderen Person]|\[withheld 0*1: Personal", redacted(desk, ready))
    page, told = listed(desk, ready, DocumentKind.HTML), listed(desk, ready)
    assert '<html lang="de">' in page and told["language"] == "de"
    assert next(one["marker"] for one in told["places"]) in redacted(desk, ready)
    assert "left out" not in page and "person" not in page


def test_the_section_of_a_law_is_told_with_its_place(desk: Any, ready: str) -> None:
    review, sam = desk.portal.review, desk.user("sam")
    desk.keep_everybody_else(ready)
    table = review.state(sam, ready).groups[0].first
    review.leave_out(sam, ready, [CellPlace(table.table, table.row, table.column)], Reason.EXEMPT_NATIONAL,
                     section="§ 29 BDSG")  # fmt: skip
    try:
        told = listed(desk, ready)
    except StillThere:
        review.allow_same_text(sam, ready, [1])
        told = listed(desk, ready)
    (line,) = [one for one in told["places"] if one["reason"] == "exempt_national"]
    assert line["law_section"] == "§ 29 BDSG" and line["sentence"] == "A national law exempts it: § 29 BDSG."
    assert "§ 29 BDSG" in listed(desk, ready, DocumentKind.HTML)


def test_of_a_file_with_nobody_else_the_list_says_that_nothing_is_missing(desk: Any) -> None:
    export_id = desk.run("empty@example.com").id
    told = listed(desk, export_id)
    assert (told["left_out"], told["refused_in_part"], told["right_to_complain"]) == (0, False, [])
    assert told["statement"] == "Nothing was left out of this file." in listed(desk, export_id, DocumentKind.HTML)
