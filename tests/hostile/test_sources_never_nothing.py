"""No error of LoyaltyDog's is ever read as "nothing is held" (ANS-5): each kind of error, each kind of source."""

from __future__ import annotations

import dataclasses
import json
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from portal.cases.facts import Channel, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.loyaltydog import retry
from portal.sources.collect_step import CollectStep, Next
from portal.sources.kinds import SourceKind, SourceState, nothing_held, settled
from portal.sources.ledger import SourceRows
from portal.sources.planning import FoundProgram, Planned
from portal.storage.answering.source_tables import CaseSource, SourceKey, SourcePage
from portal.storage.case_tables import CaseIdentifier
from tests.hostile.house import House, open_house
from tests.hostile.plays import BOMB, EMAIL, Play, answer

K, S = SourceKind, SourceState
PROGRAM = FoundProgram("0123456789abcdef01234567", "Club")
MEMBER = "64b0c0ffee64b0c0ffee0000"
JSON = "Content-Type: application/json"
WHOLE = json.dumps([{"id": MEMBER, "email": EMAIL}]).encode()
ERRORS: dict[str, Play | bytes] = {
    "401": answer({"detail": "no"}, 401, JSON),
    "402": answer({"detail": "no"}, 402, JSON),
    "403": answer({"detail": "no"}, 403, JSON),
    "404": answer({"detail": "no"}, 404, JSON),
    "410": answer({"detail": "no"}, 410, JSON),
    "422": answer({"detail": []}, 422, JSON),
    "429": answer({"detail": "slow down"}, 429, JSON),
    "500": answer({"detail": "oops"}, 500, JSON),
    "503": answer(b"<html>", 503),
    "time-out": lambda line: time.sleep(4),
    "hang up": b"",
    "cut body": answer(WHOLE, 200, JSON, declared=len(WHOLE) + 7),
    "cut JSON": answer(WHOLE[:-9], 200, JSON),
    "web page": answer(b"<!doctype html><html>Sign in</html>", 200, "Content-Type: text/html"),
    "web page in disguise": answer(b"<!doctype html><html>Sign in</html>", 200, JSON),
    "empty body": answer(b"", 200, JSON),
    "204": answer(b"", 204),
    "compressed": answer(BOMB, 200, JSON, "Content-Encoding: gzip"),
    "redirect": answer(b"", 302, "Location: https://elsewhere.example/"),
    "a number": answer(b"0", 200, JSON),
    "an error in an envelope": answer({"error": {"code": "x", "message": "y"}}, 200, JSON),
}
ASKED: dict[SourceKind, Planned] = {
    K.PROGRAMS: Planned(K.PROGRAMS),
    K.CARDS_FOUND: Planned(K.CARDS_FOUND, "i1"),
    K.MEMBERS: Planned(K.MEMBERS, "p/i1", PROGRAM),
    K.LOYALTY_DATA: Planned(K.LOYALTY_DATA, "p/m1", PROGRAM, member=MEMBER),
    K.CARD_CONSENT: Planned(K.CARD_CONSENT, "i1"),
    K.LOYALTY_CONSENT: Planned(K.LOYALTY_CONSENT, "p/m1", PROGRAM, member=MEMBER),
    K.VENDOR_LOG: Planned(K.VENDOR_LOG, "m1", member=MEMBER),
}
RECORDED_NONE = {K.CARD_CONSENT, K.LOYALTY_CONSENT}
pytestmark = pytest.mark.keeps("SEC-9")


@dataclasses.dataclass
class Collecting:
    """One portal; each question is a case of its own, and the steps are run by hand."""

    house: House
    step: CollectStep
    vendor: Any
    number: int = 0

    def end_of(self, kind: SourceKind, play: Play | bytes) -> CaseSource:
        self.vendor.play = play if callable(play) else lambda line: line.sendall(play)
        self.vendor.requests.clear()
        portal, user = self.house.portal, self.house.user
        self.number += 1
        known = (IdentifierKind.EMAIL, SecretStr(EMAIL)), (IdentifierKind.CUSTOMER_ID, SecretStr(f"c-{self.number}"))
        new = NewCase(identifiers=known[::-1], rights=frozenset({Right.ACCESS}), channel=Channel.EMAIL)
        case_id = portal.case_intake.open(user, new).case_id
        with portal.db.write() as session:
            wanted = select(CaseIdentifier.id).where(CaseIdentifier.case_id == case_id, CaseIdentifier.kind == "email")
            planned = ASKED[kind]
            if planned.member is None:
                planned = dataclasses.replace(planned, identifier_id=session.scalar(wanted))
            rows = SourceRows(portal.case_sources.seal)
            rows.add(session, (user.merchant_id, case_id), [planned], by=user.account_id, asked_in="")
        while (following := self.step.run(case_id)) != Next(None):
            assert (following.seconds or 0) < 3 and len(self.vendor.requests) < 20, "it goes on for ever"
            time.sleep(following.seconds or 0)
            if self.row(case_id).state not in ("planned", "asking"):
                break
        return self.row(case_id)

    def row(self, case_id: str) -> CaseSource:
        wanted = select(CaseSource).where(CaseSource.case_id == case_id).order_by(CaseSource.number)
        with self.house.portal.db.read() as session:
            return session.scalars(wanted).all()[0]


@pytest.fixture(scope="module")
def collecting(
    tmp_path_factory: pytest.TempPathFactory,
    hostile_vendor: Callable[..., Any],
    localhost_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> Iterator[Collecting]:
    vendor = hostile_vendor(localhost_tls)
    folder: Path = tmp_path_factory.mktemp("house")
    with pytest.MonkeyPatch.context() as patch, open_house(folder, vendor, trusting) as house:
        patch.setattr(retry, "_FIRST_WAIT_SECONDS", 0.0)
        portal = house.portal
        step = CollectStep(
            portal.db, portal.sealed, portal.case_sources.seal, house.vendor(answer_seconds=1.5), lambda label: None,
            retention_days=7, edge_requests=0,
        )  # fmt: skip
        yield Collecting(house, step, vendor)
    vendor.close()


TRIED = [(error, kind) for error in ERRORS for kind in ASKED if (error, kind) != ("time-out", K.LOYALTY_DATA)]
"""The guarded fetch has a deadline of minutes; its time-outs are tried in `test_hostile_files`."""


@pytest.mark.parametrize(("error", "kind"), TRIED)
def test_an_error_is_never_nothing(collecting: Collecting, error: str, kind: SourceKind) -> None:
    row = collecting.end_of(kind, ERRORS[error])
    state = SourceState(row.state)
    if error == "404" and kind in RECORDED_NONE:
        assert (state, row.status, row.problem) == (S.EMPTY, 404, "")
        return
    assert state is (S.REFUSED if error == "403" else S.FAILED)
    assert row.problem_code and row.problem and EMAIL not in row.problem + row.next_step
    assert not settled([state]) and not nothing_held([(kind, state), (K.CARD_CONSENT, S.EMPTY)])
    assert not any(request.startswith(b"POST") for request in collecting.vendor.requests)


EMPTY = {
    K.CARDS_FOUND: [b"[]", b'{"items": [], "total": 0}'],
    K.PROGRAMS: [b"[]"],
    K.MEMBERS: [b"[]", b'{"customers": [], "total": 0}'],
    K.LOYALTY_DATA: [b"{}", b"[]"],
    K.LOYALTY_CONSENT: [b"[]", b'{"consents": []}'],
    K.VENDOR_LOG: [b'{"items": [], "total": 0, "page": 1, "pages": 0, "limit": 200}'],
}


@pytest.mark.parametrize(("kind", "body"), [(kind, body) for kind, bodies in EMPTY.items() for body in bodies])
def test_a_whole_answer_with_nothing_in_it_is_empty(collecting: Collecting, kind: SourceKind, body: bytes) -> None:
    row = collecting.end_of(kind, answer(body, 200, JSON))
    assert (row.state, row.file.row_count, row.file.size_bytes) == (S.EMPTY, 0, len(body))


OTHERS = [{"id": f"{n:024x}", "email": f"p{n}@example.org"} for n in range(250)]
SHOUTED = {"id": MEMBER, "email": EMAIL.upper()}
LISTS: dict[str, tuple[list[bytes], SourceState, str]] = {
    "others alone, whatever was asked for": ([json.dumps(OTHERS[:3]).encode()], S.EMPTY, ""),
    "the person among others": ([json.dumps([*OTHERS[:3], SHOUTED]).encode()], S.FETCHED, ""),
    "a full page, then nothing": ([json.dumps(OTHERS).encode(), b"[]"], S.EMPTY, ""),
    "a full page, then the person": ([json.dumps(OTHERS).encode(), WHOLE], S.FETCHED, ""),
    "the same full page for ever": ([json.dumps(OTHERS).encode()] * 9, S.FAILED, "page_repeated"),
    "fewer than it says": ([json.dumps({"customers": OTHERS[:3], "total": 9}).encode()], S.FAILED, "incomplete"),
    "a full page, then an error": ([json.dumps(OTHERS).encode(), b"<html>"], S.FAILED, "unreadable_answer"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(LISTS))
def test_pages_are_read_to_their_end_and_compared_here(collecting: Collecting, name: str) -> None:
    bodies, state, code = LISTS[name]
    pages = iter(bodies)
    row = collecting.end_of(K.MEMBERS, lambda line: line.sendall(answer(next(pages), 200, JSON)))
    assert (row.state, row.problem_code) == (state, code)
    assert row.file.row_count == (1 if state is S.FETCHED else 0)


def test_an_unreadable_answer_is_sealed_before_it_is_read_and_a_failed_call_leaves_no_key(
    collecting: Collecting,
) -> None:
    unreadable = collecting.end_of(K.MEMBERS, answer(b"<html>canary", 200, JSON))
    failed = collecting.end_of(K.MEMBERS, answer(b"", 500))
    with collecting.house.portal.db.read() as session:
        (page,) = session.scalars(select(SourcePage).where(SourcePage.source_id == unreadable.id))
        assert session.get(SourceKey, (unreadable.id, page.blob_name)) is not None
        assert page.size_bytes == len(b"<html>canary")
        assert session.scalars(select(SourceKey).where(SourceKey.source_id == failed.id)).all() == []


def test_loyalty_data_of_somebody_else_is_not_taken(collecting: Collecting) -> None:
    record = {"customer": {"id": "f" * 24, "email": "lee@example.net", "name": "Lee"}, "activities": []}
    row = collecting.end_of(K.LOYALTY_DATA, answer(record, 200, JSON))
    assert (row.state, row.problem_code) == (S.FAILED, "other_person")
