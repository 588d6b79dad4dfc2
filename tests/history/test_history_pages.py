"""Past exports, Today and the audit trail drawn through AppTest over a real service on SQLite."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.errors import NotPermitted, StepUpNeeded
from portal.exports import HistoryFilter, State, parse_request
from portal.exports.history.filters import from_address, to_address
from portal.identity import Role, User
from portal.runtime import set_portal
from portal.storage.tables import Account, Export, ExportAsked, ExportFile, ExportResponse, utc_now
from portal.ui.common.times import when_short
from portal.ui.history.row_table import as_label
from tests.one_case import add_case

pytestmark = pytest.mark.keeps("SEC-43")

PAGES = Path(__file__).resolve().parents[2] / "pages"
EMAIL = "ada@example.com"


@dataclasses.dataclass
class Shop:
    portal: Portal
    user: User
    exports: list[str]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    portal = build_portal(Settings(data_dir=tmp_path, mode="practice"))
    merchant, seal = portal.accounts.create_merchant("Shop"), portal.history.seal
    now = utc_now()
    with portal.db.write() as session:
        account = Account(merchant_id=merchant, email="maya@shop.example", name="Maya", role="manager")
        session.add(account)
        session.flush()
        user = User(account.id, merchant, "Shop", account.email, "Maya", Role.MANAGER, True, "UTC",
                    proof_at=now, origin="192.0.2.7")  # fmt: skip
        case_id = add_case(session, merchant)
        ids = []
        for number, state in enumerate([State.READY, State.READY, State.FAILED, State.PURGED]):
            export_id = f"{number:032x}"
            ids.append(export_id)
            session.add(
                Export(
                    id=export_id, merchant_id=merchant, case_id=case_id, state=state, requested_by=account.id,
                    requested_at=now - dt.timedelta(hours=number), inspected_at=now, turn="you" if number == 2 else "",
                    asked=ExportAsked(
                        subject_kind="email", sealed_subject=seal.seal(merchant, export_id, "subject", EMAIL)
                    ),
                    response=ExportResponse(problem="Look at it." if number == 2 else ""),
                    file=ExportFile(size_bytes=10),
                    subject_index=portal.history.index.one(session, user, EMAIL), ask_index=str(number),
                    format="json" if number else "csv", reference=f"T-{number}",
                    link_expires_at=now + dt.timedelta(hours=5 + number),
                )
            )  # fmt: skip
    yield Shop(portal, user, ids)
    set_portal(None)
    portal.stop()


@pytest.fixture
def open_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    set_portal(shop.portal)

    def opening(name: str, *, role: Role = Role.MANAGER, query: dict[str, str] | None = None) -> AppTest:
        user = dataclasses.replace(shop.user, role=role)
        monkeypatch.setattr("portal.ui.account.session.signed_in_user", lambda: user)
        page = AppTest.from_file(str(PAGES / name), default_timeout=60)
        page.session_state["_tour_closed"] = True  # it leads to other pages, which a page drawn alone does not know
        for key, value in (query or {}).items():
            page.query_params[key] = value
        return page.run()

    return opening


def button(page: AppTest, label: str) -> Any:
    return next(one for one in page.button if one.label == label)


def rows_of(page: AppTest) -> list[Any]:
    return page.dataframe[0].value.values.tolist() if page.dataframe else []


def test_a_saved_address_sets_the_filters(open_page: Callable[..., AppTest]) -> None:
    page = open_page("past_exports.py", query={"status": "failed", "order": "requested"})
    assert not page.exception
    assert [row[1] for row in rows_of(page)] == ["T-2"]
    assert page.multiselect[0].value == ["Failed"]


def test_a_filter_goes_into_the_address_but_the_search_never_does(open_page: Callable[..., AppTest]) -> None:
    page = open_page("past_exports.py")
    page.selectbox(key="history_format").set_value("CSV").run()
    page.text_input(key="history_text").set_value(EMAIL).run()
    assert not page.exception
    assert list(page.query_params) == ["format"] and EMAIL not in str(page.query_params)
    assert [row[1] for row in rows_of(page)] == ["T-0"]


def test_next_and_previous_turn_the_pages(open_page: Callable[..., AppTest], shop: Shop) -> None:
    merchant, now = shop.user.merchant_id, utc_now()
    with shop.portal.db.write() as session:
        case_id = add_case(session, merchant)
        for number in range(4, 54):
            export_id = f"{number:032x}"
            session.add(
                Export(
                    id=export_id, merchant_id=merchant, case_id=case_id, state=State.PURGED,
                    requested_by=shop.user.account_id, requested_at=now - dt.timedelta(hours=number),
                    asked=ExportAsked(
                        subject_kind="email",
                        sealed_subject=shop.portal.history.seal.seal(merchant, export_id, "subject", EMAIL),
                    ),
                    response=ExportResponse(), file=ExportFile(), subject_index="x",
                    ask_index=str(number), format="json", reference=f"T-{number}",
                )
            )  # fmt: skip
    page = open_page("past_exports.py")
    assert button(page, "Previous").disabled
    assert [row[1] for row in rows_of(page)] == [f"T-{number}" for number in range(50)]
    page = button(page, "Next").click().run()
    assert [row[1] for row in rows_of(page)] == ["T-50", "T-51", "T-52", "T-53"]
    assert button(page, "Next").disabled
    page = button(page, "Previous").click().run()
    assert rows_of(page)[0][1] == "T-0"


def test_an_address_keeps_everything_but_the_text() -> None:
    wanted = HistoryFilter(
        text=EMAIL, states=frozenset({State.READY, State.FAILED}), format="json", program_id="ab" * 12,
        since=dt.date(2026, 1, 2), until=dt.date(2026, 3, 4), mine=True, sort="expires",
    )  # fmt: skip
    assert from_address(to_address(wanted)) == dataclasses.replace(wanted, text="")
    assert "ada" not in str(to_address(wanted))


@pytest.mark.parametrize("query", [{"status": "nonsense"}, {"program": "a@example.com"}, {"from": "yesterday"},
                                   {"order": "1"}, {"format": "exe"}, {"mine": "yes"}])  # fmt: skip
def test_an_address_nobody_could_have_saved_means_no_filter(query: dict[str, str]) -> None:
    assert from_address(query) == HistoryFilter()


def tick(page: AppTest, *rows: int) -> AppTest:
    """Tick the boxes of these rows of Past exports, and of no others."""
    page.session_state[page.dataframe[0].key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return page.run()


def test_acts_on_several_appear_only_when_a_box_is_ticked(open_page: Callable[..., AppTest]) -> None:
    page = open_page("past_exports.py")
    acts = {"Open preview", "Ask again", "Destroy files"}
    assert not acts & {b.label for b in page.button}
    page = tick(page, 1)
    assert acts <= {b.label for b in page.button}
    page = tick(page, 0, 1)
    assert acts & {b.label for b in page.button} == {"Ask again", "Destroy files"}
    assert "2 chosen" in [c.value for c in page.caption]


@pytest.mark.parametrize(("role", "offered"), [(Role.MANAGER, True), (Role.AUDITOR, True), (Role.AGENT, False)])
def test_evidence_is_offered_where_the_export_is(
    open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch, role: Role, offered: bool
) -> None:
    addresses: list[str] = []
    monkeypatch.setattr("portal.ui.history.evidence_link.file_link", lambda _words, to, **_rest: addresses.append(to))
    tick(open_page("past_exports.py", role=role), 1)
    assert addresses == [f"/audit/evidence?export={1:032x}"] * offered


def test_ticked_rows_stay_when_the_list_gets_another(open_page: Callable[..., AppTest], shop: Shop) -> None:
    page = tick(open_page("past_exports.py"), 1)
    shop.portal.submissions.submit(shop.user, parse_request(email="one@example.com"))
    page.run()
    assert [row[1] for row in rows_of(page)] == ["T-0", "T-1", "T-2", "T-3"]
    page = tick(page)
    page.run()
    assert [row[1] for row in rows_of(page)] == ["–", "T-0", "T-1", "T-2", "T-3"]
    assert "Destroy files" not in [b.label for b in page.button]


def test_several_chosen_files_are_destroyed_only_after_a_confirmation(
    open_page: Callable[..., AppTest], shop: Shop
) -> None:
    page = tick(open_page("past_exports.py"), 0, 1)
    next(b for b in page.button if b.label == "Destroy files").click().run()
    assert [shop.portal.history.get(shop.user, e).state for e in shop.exports[:2]] == [State.READY, State.READY]
    assert "Destroy now" in [b.label for b in page.button]  # its click reruns the dialog alone, which AppTest does not


def test_what_tells_exports_apart_stands_before_what_does_not(shop: Shop, open_page: Callable[..., AppTest]) -> None:
    page = open_page("past_exports.py")
    assert list(page.dataframe[0].value.columns) == [
        "Requested", "Reference", "Customer", "Status", "Answer due", "Expires", "Scope", "Format", "Size", "By",
    ]  # fmt: skip
    links = [shop.portal.history.get(shop.user, one).link_expires_at for one in shop.exports]
    assert [row[5] for row in rows_of(page)] == [when_short(ends, dt.UTC) for ends in links if ends is not None]
    assert len(set(links)) == len(links) == 4


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[a, b]", "\u2060[a, b]"),
        (":material/delete:", ":\u2060material/delete:\u2060"),
        ("", "–"),
        ("T-1: x", "T-1: x"),
    ],
)
def test_a_cell_that_takes_clicks_shows_its_text_as_written(written: str, shown: str) -> None:
    assert as_label(written) == shown


def test_destroying_several_tells_what_was_done_and_what_was_not(shop: Shop) -> None:
    report = shop.portal.bulk.destroy_many(shop.user, [*shop.exports, shop.exports[0], "f" * 32])
    assert report.done == 2
    assert set(report.failed) == {shop.exports[2], shop.exports[3], "f" * 32}
    assert [shop.portal.history.get(shop.user, e).state for e in shop.exports[:2]] == [State.PURGED, State.PURGED]
    acts = [row.action for row in shop.portal.trail.entries(shop.user).rows]
    assert acts.count("export:destroy") == 2


def test_destroying_several_needs_a_fresh_proof_and_a_manager(shop: Shop) -> None:
    for user, error in (
        (dataclasses.replace(shop.user, proof_at=None), StepUpNeeded),
        (dataclasses.replace(shop.user, role=Role.AGENT), NotPermitted),
    ):
        with pytest.raises(error):
            shop.portal.bulk.destroy_many(user, shop.exports)
    assert shop.portal.history.get(shop.user, shop.exports[0]).state is State.READY


def test_refreshing_several_asks_again_with_the_same_filters(shop: Shop) -> None:
    report = shop.portal.bulk.refresh_many(shop.user, shop.exports[:3])
    assert (report.done, list(report.failed)) == (2, [shop.exports[2]])
    fresh = [row for row in shop.portal.history.find(shop.user).rows if row.repeat_of]
    assert {row.repeat_of for row in fresh} == set(shop.exports[:2])
    assert {row.format for row in fresh} == {"csv", "json"}


def test_an_agent_is_not_offered_destruction(open_page: Callable[..., AppTest]) -> None:
    page = tick(open_page("past_exports.py", role=Role.AGENT), 0)
    assert "Ask again" in [b.label for b in page.button]
    assert "Destroy files" not in [b.label for b in page.button]


def test_today_draws_its_pictures_with_words(open_page: Callable[..., AppTest]) -> None:
    page = open_page("today.py")
    assert "Exports a day" in [s.value for s in page.header]
    assert "Exports by program, 30 days" not in [s.value for s in page.header]  # behind a fold, until it is opened
    page.session_state["figures"] = True
    page.run()
    assert not page.exception
    heads = [s.value for s in page.header]
    assert {"Ready within a day, percent", "Exports by program, 30 days"} <= set(heads)
    assert "Due within 7 days" in [m.label for m in page.metric]
    assert any("links expire within 7 days" in t.value for t in page.text)


def test_an_auditor_reads_and_verifies_the_trail(open_page: Callable[..., AppTest], shop: Shop) -> None:
    shop.portal.history.note_search(shop.user, EMAIL)
    page = open_page("audit_trail.py", role=Role.AUDITOR)
    assert not page.exception
    assert "Past exports searched for a person" in [row[3] for row in rows_of(page)]
    assert EMAIL not in str(rows_of(page))
    next(b for b in page.button if b.label == "Verify").click().run()
    assert page.warning[0].value.startswith("No entry is signed yet.")
    shop.portal.keeper.sign(shop.user.merchant_id, now=True)
    next(b for b in page.button if b.label == "Verify").click().run()
    assert page.success[0].value.startswith("The trail holds from ")


def test_a_broken_trail_is_told_with_its_place(open_page: Callable[..., AppTest], shop: Shop) -> None:
    from sqlalchemy import update

    from portal.storage.tables import AuditEntry

    shop.portal.history.note_search(shop.user, EMAIL)
    with shop.portal.db.write() as session:
        session.execute(update(AuditEntry).where(AuditEntry.action == "history:search").values(actor="nobody"))
    page = open_page("audit_trail.py")
    next(b for b in page.button if b.label == "Verify").click().run()
    assert "entry 2 was changed after it was written" in page.error[0].value


def test_an_agent_may_not_read_the_trail(open_page: Callable[..., AppTest]) -> None:
    page = open_page("audit_trail.py", role=Role.AGENT)
    assert page.error and not page.dataframe


def test_the_register_as_a_workbook_says_what_it_is(shop: Shop) -> None:
    content = b"".join(shop.portal.register.register_xlsx(shop.user).chunks)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        core = package.read("docProps/core.xml").decode()
    assert "A register of exports" in core and "original" not in core


def test_a_batch_asked_for_a_moment_ago_is_asked_for_again_and_what_is_the_same_once(shop: Shop) -> None:
    portal = shop.portal
    fresh = [
        portal.submissions.submit(shop.user, parse_request(email=email))
        for email in ("one@example.com", "two@example.com")
    ]
    same = portal.submissions.submit(shop.user, parse_request(email="one@example.com"), force=True)
    with shop.portal.db.write() as session:
        session.execute(update(Export).where(Export.id.in_([*fresh, same])).values(state=State.READY))
    report = portal.bulk.refresh_many(shop.user, [*fresh, same])
    assert (report.done, report.failed, report.together) == (3, {}, 1)
    made = [row for row in portal.history.find(shop.user).rows if row.repeat_of in {*fresh, same}]
    assert len(made) == 2
    again = portal.bulk.refresh_many(shop.user, [*fresh, same])  # the button pressed twice
    assert (again.done, again.failed, again.together) == (3, {}, 3)
    assert len([row for row in portal.history.find(shop.user).rows if row.repeat_of in {*fresh, same}]) == 2


def test_a_batch_does_not_repeat_what_somebody_else_has_just_asked_for(shop: Shop) -> None:
    portal = shop.portal
    request = parse_request(email="one@example.com")
    old = portal.submissions.submit(shop.user, request)
    with shop.portal.db.write() as session:
        session.execute(update(Export).where(Export.id == old).values(state=State.READY))
    portal.submissions.submit(shop.user, request, force=True)
    report = portal.bulk.refresh_many(shop.user, [old])
    assert (report.done, list(report.failed)) == (0, [old])
