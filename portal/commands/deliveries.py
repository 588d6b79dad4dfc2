"""`delivery`: how the answer of a case goes out: prepared, its code told, sent, made anew, taken back, recorded."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from portal.commands.cases.given import As, AsJson, Named, case_id_of
from portal.commands.cases.told import as_json
from portal.commands.current_user import acting_user, opened_portal
from portal.commands.printing import print_lines
from portal.composition import Portal
from portal.delivery.kinds import WITH_LINK, CodeChannel, DeliveryWay
from portal.delivery.limits import USUAL_DAYS
from portal.delivery.views import DeliveriesState, DeliveryView
from portal.errors import StateConflict
from portal.identity import User

app = typer.Typer(no_args_is_help=True, help="How the answer of a case goes out, and what became of it.")
NOT_READY = 1
Which = Annotated[str, typer.Option("--delivery", help="its id, as `show` prints it; the newest when not given")]
Told = Annotated[CodeChannel, typer.Option("--channel", help="how the person is told the code")]


@app.command("show")
def show(case: Named, account: As = None, json_: AsJson = False) -> None:
    """List the deliveries of a case, newest first, addresses masked."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        state = portal.deliveries.state(user, case_id_of(portal, user, case))
        print_lines(_said(one, json_=json_) for one in state.deliveries)


@app.command("prepare")
def prepare(
    case: Named,
    way: Annotated[DeliveryWay, typer.Option("--way", help="link: by mail; screen: shown to who stands here")],
    to: Annotated[str, typer.Option("--to", help="address of the mail; the case's own when it knows one only")] = "",
    to_again: Annotated[str, typer.Option("--to-again", help="the same address, typed once more")] = "",
    channel: Told = CodeChannel.PHONE,
    days: Annotated[int, typer.Option(help="how long the link holds")] = USUAL_DAYS,
    remind: bool = True,
    account: As = None,
) -> None:
    """Make a delivery with a link and print its id and, this once, its code."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, case)
        state = _ready(portal, user, case_id)
        known = state.addresses[0].id if way is DeliveryWay.LINK and not to and len(state.addresses) == 1 else ""
        made = portal.deliveries.prepare(
            user, case_id, state.package_id, way, to=to, to_again=to_again, known_address=known, channel=channel,
            days=days, remind=remind,
        )  # fmt: skip
        print_lines([made.delivery_id, *([made.code] if made.code else [])])


@app.command("told")
def told(
    case: Named,
    channel: Told,
    delivery: Which = "",
    code_to: Annotated[str, typer.Option(help="the second address, for second_email; compared and not kept")] = "",
    account: As = None,
) -> None:
    """Record how the code was told."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, case)
        portal.deliveries.told(user, case_id, _one(portal, user, case_id, delivery).id, channel, code_to=code_to)


@app.command("send")
def send(case: Named, delivery: Which = "", again: bool = False, account: As = None) -> None:
    """Make the link: mailed, or printed this once. With --again a new link; the old one is dead."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, case)
        chosen = _one(portal, user, case_id, delivery).id
        act = portal.deliveries.new_link if again else portal.deliveries.send
        link = act(user, case_id, chosen)
        print_lines([link] if link else [])


@app.command("new-code")
def new_code(case: Named, delivery: Which = "", account: As = None) -> None:
    """Make another code for the same link and print it, this once."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, case)
        print_lines([portal.deliveries.new_code(user, case_id, _one(portal, user, case_id, delivery).id)])


@app.command("confirm-address")
def confirm_address(case: Named, delivery: Which = "", account: As = None) -> None:
    """As a second person: the address is what the person wrote. Prints it."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, case)
        chosen = _one(portal, user, case_id, delivery).id
        print_lines([portal.deliveries.address(user, case_id, chosen)])
        portal.deliveries.confirm_address(user, case_id, chosen)


@app.command("take-back")
def take_back(case: Named, delivery: Which = "", account: As = None) -> None:
    """End the link at once. Before it was opened the answer counts as never given."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, case)
        portal.deliveries.take_back(user, case_id, _one(portal, user, case_id, delivery).id)


@app.command("record")
def record(
    case: Named,
    way: Annotated[DeliveryWay, typer.Option("--way", help="paper, attachment or elsewhere")],
    account: As = None,
) -> None:
    """Record that the approved package was handed over in a way without a link."""
    if WITH_LINK[way]:
        raise typer.BadParameter("This way has a link: see `delivery prepare`.", param_hint="--way")
    with opened_portal() as portal:
        user = acting_user(portal, account)
        case_id = case_id_of(portal, user, case)
        state = _ready(portal, user, case_id)
        print_lines([portal.deliveries.record(user, case_id, state.package_id, way)])


def _ready(portal: Portal, user: User, case_id: str) -> DeliveriesState:
    """Exit status 1 with what is missing where nothing can go out yet."""
    state = portal.deliveries.state(user, case_id)
    for need in state.needs:
        print(f"{need.words} {need.next_step}".strip(), file=sys.stderr)
    if state.needs:
        raise typer.Exit(NOT_READY)
    return state


def _one(portal: Portal, user: User, case_id: str, delivery_id: str) -> DeliveryView:
    """The newest when no id is given. Raises StateConflict."""
    found = portal.deliveries.state(user, case_id).deliveries
    chosen = next((one for one in found if delivery_id in ("", one.id)), None)
    if chosen is None:
        raise StateConflict("There is no such delivery.", next_step="See `delivery show`.", detail="delivery")
    return chosen


def _values(view: DeliveryView) -> dict[str, Any]:
    times = {
        name: at.isoformat() if at else None
        for name, at in (
            ("created_at", view.created_at), ("code_told_at", view.code_told_at), ("sent_at", view.sent_at),
            ("opened_at", view.opened_at), ("completed_at", view.completed_at), ("expires_at", view.expires_at),
            ("ended_at", view.ended_at),
        )
    }  # fmt: skip
    return {
        "delivery": view.id,
        "package": view.package_id,
        "way": view.way.value,
        "state": view.state.value,
        "channel": view.channel.value if view.channel else None,
        "to": view.to,
        "mail": view.mail_state,
        "sha256": view.sha256,
        "downloads_left": view.downloads_left,
        "wrong_codes": view.wrong_codes,
        "waits_for_second": view.waits_for_second,
        **times,
    }


def _said(view: DeliveryView, *, json_: bool) -> str:
    if json_:
        return as_json(_values(view))
    times = (
        f"{word} {at:%Y-%m-%dT%H:%MZ}"
        for word, at in (("sent", view.sent_at), ("opened", view.opened_at), ("fetched", view.completed_at))
        if at
    )
    waits = "waits for a second person" if view.waits_for_second else ""
    parts = (view.id, view.way.value, view.state.value, view.to, view.mail_state, *times, waits, view.sha256)
    return "  ".join(part for part in parts if part)
