"""What a refused mail leaves to do, and a letter that goes out alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from portal.cases.facts import RefusalReason
from portal.cases.services.ledger import rows_of
from portal.delivery.kinds import CodeChannel, DeliveryState
from portal.delivery.views import PageKind, TaskKind
from portal.errors import StateConflict
from tests.delivery.conftest import ADDRESS, Given, KeptPost

pytestmark = pytest.mark.keeps("DLV-6", "DLV-9")


def test_a_mail_that_was_refused_leaves_room_for_a_new_link(given: Given) -> None:
    made = given.prepare()
    given.deliveries.told(given.user(), given.case, made.delivery_id, CodeChannel.PHONE)
    given.deliveries.send(given.user(), given.case, made.delivery_id)
    old = given.post.token
    with pytest.raises(StateConflict):
        given.deliveries.new_link(given.user(), given.case, made.delivery_id)
    given.mail_becomes(made.delivery_id, "refused")
    (task,) = given.deliveries.open_tasks(given.user())
    assert (task.kind, task.delivery_id) == (TaskKind.NOT_MAILED, made.delivery_id)
    assert task.case_name == given.desk.portal.case_register.show(given.user(), given.case).row.name
    given.deliveries.new_link(given.user(), given.case, made.delivery_id)
    given.mail_becomes(made.delivery_id, "accepted")
    assert given.view(made.delivery_id).state is DeliveryState.SENT
    assert given.recipient.page(old).kind is PageKind.ENDED
    assert given.recipient.page(given.post.token).kind is PageKind.CODE
    assert given.deliveries.open_tasks(given.user()) == ()


def test_a_letter_alone_goes_out_and_the_refusal_stays_the_answer(
    desk: Any, opened: Callable[..., str], post: KeptPost
) -> None:
    email = f"refused.{secrets.token_hex(6)}@example.com"
    case = opened(email=email)
    maya = desk.user("maya")
    desk.portal.case_file.refuse(maya, case, RefusalReason.EXCESSIVE, "Your request: we do not act on it.")
    built = desk.portal.packages.build(maya, case)
    desk.portal.packages.approve(maya, case, built.id, built.sha256)
    given = Given(desk, case, built.id, email, post)
    state = given.state()
    _delivery, token, code = given.sent()
    assert given.recipient.try_code(token, code, address=ADDRESS).cookie
    assert given.state() == state
    with desk.portal.db.read() as session:
        kinds = [row.kind for row in rows_of(session, case)]
    assert "answered" not in kinds and kinds[-1] == "opened"
