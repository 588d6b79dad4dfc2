"""New export: who asked, which part, which format. Checked here before anything is sent."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from portal.errors import InputError, InputErrors, PortalError
from portal.exports import AskedAlready, ExportRequest, parse_request, suggested_email
from portal.exports.form.request import earliest_receipt
from portal.loyaltydog import LoyaltyDogError
from portal.runtime import get_portal
from portal.ui.account.session import current_user
from portal.ui.common import navigation
from portal.ui.common.problems import field_problem, show_problem
from portal.ui.common.times import reader_zone
from portal.ui.common.words import _, date_field, later, plain, sentence
from portal.ui.form.customer_box import (
    PAGE,
    cards_of_the_customer,
    choose_of_pasted,
    customer_of,
    must_find_first,
    take_pasted,
)
from portal.ui.form.pasted import MOST_CHARACTERS
from portal.ui.form.person_finder import forget_finder, sitting_of
from portal.ui.form.programs import program_names
from portal.ui.form.recent import recent_customers, remember
from portal.ui.form.try_these import try_these

# Kept in the session in English, so that a choice survives a change of language; drawn through `_`.
EMAIL, CUSTOMER_ID = later("Email"), later("Customer ID")
EVERYTHING, ONE_PROGRAM, ONE_CARD = later("Everything"), later("One program"), later("One card")
SHOWN_CHARACTERS = 32  # as many of a name fit into the list's field on a phone

portal = get_portal()
user = current_user()
today = dt.datetime.now(reader_zone(user.time_zone)).date()


def prefill() -> None:
    """Fill the form from an earlier export ("Change the request")."""
    earlier = st.session_state.pop("prefill_from", None)
    if earlier is None:
        return
    try:
        request = portal.submissions.request_of(user, earlier)
        refusal = portal.submissions.refusal(user, earlier)
    except PortalError:
        return
    fill_from(request)
    keep_problems([InputError(r.sentence, field=r.field) for r in refusal.fields], asked_fields(request))


def asked_fields(request: ExportRequest) -> dict[str, str]:
    """What the form's fields hold, by the names that problems use."""
    card = request.card_id.get_secret_value() if request.card_id else ""
    return {
        "email": request.subject,
        "customer_id": request.subject,
        "program_id": request.program_id or "",
        "card_id": card,
        "format": request.format,
    }


def keep_problems(problems: list[InputError], refused: dict[str, str]) -> None:
    """For drawing beside the fields, as long as each holds the value that was refused."""
    st.session_state["_problems"] = [(problem, refused.get(problem.field, "")) for problem in problems]


def fill_from(request: ExportRequest) -> None:
    st.session_state["find_by"] = EMAIL if request.email else CUSTOMER_ID
    st.session_state["customer_email"] = request.subject if request.email else ""
    st.session_state["customer_id"] = "" if request.email else request.subject
    st.session_state["limit_to"] = ONE_CARD if request.card_id else ONE_PROGRAM if request.program_id else EVERYTHING
    st.session_state["card_id"] = request.card_id.get_secret_value() if request.card_id else ""
    st.session_state["format"] = request.format.upper()
    st.session_state["reference"] = request.reference
    if request.program_id:
        st.session_state["program"] = request.program_id
    if request.received_on and earliest_receipt(today) <= request.received_on <= today:
        st.session_state["received_on"] = request.received_on


def customer_fields() -> dict[str, str]:
    """The customer's email or ID: typed, or that of the customer who was found and chosen."""
    by = st.radio(_("Find the customer by"), [EMAIL, CUSTOMER_ID], key="find_by", horizontal=True, format_func=_)
    if by == CUSTOMER_ID:
        typed = st.text_input(_("Customer ID"), key="customer_id", max_chars=400, autocomplete="off")
        forget_finder(PAGE)
        problem_at(typed, "customer_id", "email")
        return {"customer_id": typed or ""}
    typed = st.text_input(
        _("Customer email"),
        key="customer_email",
        max_chars=MOST_CHARACTERS,
        autocomplete="off",
        placeholder=_("name@example.com, a card's last four, or the whole message"),
        help=_("An email, a customer ID, a card's number or last four digits, a phone number, or the whole message."),
        on_change=take_pasted,
    )
    problem_at(typed, "email", "customer_id")
    choose_of_pasted(typed or "")
    offer_better_address(typed or "")
    to_find = st.session_state.get("limit_to") == ONE_CARD
    return customer_of(portal, user, typed or "", wanted=to_find)


def offer_better_address(typed: str) -> None:
    better = suggested_email(typed)
    if better is None:
        return

    def take() -> None:
        st.session_state["customer_email"] = better

    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(_("Did you mean {domain}?").format(domain=better.rpartition("@")[2]))
        st.button(_("Use it"), on_click=take, key="take_better")


def needs_an_answer(typed: str) -> bool:
    """Whether the address looks mistyped and is not confirmed yet."""
    return suggested_email(typed) is not None and st.session_state.get("_address_kept") != typed


def ask_about_address(typed: str) -> None:
    """The question that stands between the button and a request for an address that looks mistyped."""
    better = suggested_email(typed)
    if better is None or st.session_state.get("_address_doubted") != typed:
        return

    def correct() -> None:
        st.session_state["customer_email"] = better
        st.session_state.pop("_address_doubted", None)

    def keep() -> None:
        st.session_state["_address_kept"] = typed
        st.session_state["_send_kept"] = True
        st.session_state.pop("_address_doubted", None)

    domain, meant = typed.rpartition("@")[2].strip(), better.rpartition("@")[2]
    st.warning(
        plain(_("Nothing was sent yet. Send to {domain} all the same?").format(domain=domain)), icon=":material/help:"
    )
    with st.container(horizontal=True):
        st.button(
            _("Use {domain}").format(domain=plain(meant)), on_click=correct, type="primary", key="address_correct"
        )
        st.button(_("Send to {domain}").format(domain=plain(domain)), on_click=keep, key="address_keep")


def scope_fields() -> dict[str, str]:
    limits = [EVERYTHING, ONE_PROGRAM, ONE_CARD]
    limit = st.radio(_("Limit to"), limits, key="limit_to", horizontal=True, format_func=_)
    if limit == ONE_PROGRAM:
        try:
            names = program_names(portal, user)
        except (PortalError, LoyaltyDogError) as error:
            show_problem(error)
            return {"program_id": "unavailable"}
        chosen = st.selectbox(
            _("Program"), list(names), format_func=lambda p: names.get(p, p), index=None, key="program",
            placeholder=_("Choose a program; typing filters the list"),
        )  # fmt: skip
        if chosen and len(names.get(chosen, "")) > SHOWN_CHARACTERS:
            st.caption(plain(names[chosen]))
        problem_at(chosen, "program_id")
        return {"program_id": chosen or "", "program_name": names.get(chosen, "") if chosen else ""}
    if limit == ONE_CARD:
        typed = st.text_input(_("Card ID"), key="card_id", max_chars=100, autocomplete="off")
        problem_at(typed, "card_id")
        cards_of_the_customer()
        return {"card_id": typed or ""}
    return {}


def problem_at(value: object, *names: str) -> None:
    """The sentence below a field, as long as the field holds what was wrong."""
    problems: list[tuple[InputError, object]] = st.session_state.get("_problems", [])
    for problem, refused in problems:
        if problem.field in names and (value or "") == refused:
            field_problem(problem.message)


def checked(fields: dict[str, str]) -> ExportRequest | None:
    """The request, or None with the problems kept for drawing beside their fields."""
    problems: list[InputError] = []
    if st.session_state.get("limit_to") == ONE_PROGRAM and not fields.get("program_id"):
        problems.append(InputError(_("Select a program, or choose Everything."), field="program_id"))
    if st.session_state.get("limit_to") == ONE_CARD and not fields.get("card_id", "").strip():
        problems.append(InputError(_("Enter the card ID, or find the card."), field="card_id"))
    request = None
    if must_find_first(portal, user, fields):
        problems.append(InputError(_("Find the customer, then choose who it is."), field="email"))
    else:
        try:
            request = parse_request(**fields, today=today)  # type: ignore[arg-type]  # strings and one date by name
        except InputErrors as wrong:
            problems += wrong.problems
    asked = fields.get("email", fields.get("customer_id", ""))
    keep_problems(problems, {**fields, "email": asked, "customer_id": asked})
    return None if problems else request


def submit(request: ExportRequest, *, force: bool = False) -> None:
    try:
        lookups = tuple(sitting_of(PAGE).looked)
        export_id = portal.submissions.submit(user, request, force=force, lookups=lookups)
    except AskedAlready as same:
        st.session_state["_asked_already"] = (same.export_id, request)
        st.rerun()
    except PortalError as error:
        show_problem(error)
    else:
        remember(request)
        forget_finder(PAGE)
        for key in (
            "_asked_already",
            "_problems",
            "_found_in_text",
            "_address_doubted",
            "_address_kept",
            "customer_email",
            "customer_id",
            "card_id",
            "reference",
            "received_on",
        ):
            st.session_state.pop(key, None)
        navigation.go_to_export(export_id)


def asked_already() -> None:
    waiting = st.session_state.get("_asked_already")
    if waiting is None:
        return
    export_id, request = waiting
    st.warning(
        plain(f"{sentence(AskedAlready.message)} {sentence(AskedAlready.next_step)}"), icon=":material/content_copy:"
    )
    with st.container(horizontal=True):
        if st.button(_("Open that one"), type="primary"):
            st.session_state.pop("_asked_already")
            navigation.go_to_export(export_id)
        if st.button(_("Ask again anyway"), key="ask_anyway"):
            submit(request, force=True)
        if st.button(_("Back to the form")):
            st.session_state.pop("_asked_already")
            fill_from(request)
            st.rerun()
    st.stop()


def start_afresh() -> None:
    """Nothing of an earlier visit to this page stays: sentences, an offer, customers found."""
    if not {"find_by", "ask_anyway"} & set(st.session_state):
        forget_finder(PAGE)
        for key in (
            "_problems",
            "_asked_already",
            "_found_in_text",
            "_address_doubted",
            "_address_kept",
            "_send_kept",
        ):
            st.session_state.pop(key, None)


start_afresh()
prefill()
st.title(_("New export"))
st.caption(_("Asks LoyaltyDog for everything it holds on one customer of yours in gift cards."))
st.caption(_("Gift cards at LoyaltyDog only: what your other systems hold is yours to add to the answer."))
asked_already()
form, aside = st.columns([3, 2], gap="large")
with form, st.container(key="enter_request_export"):
    recent_customers()
    fields = customer_fields() | scope_fields()
    fields["format"] = str(st.radio(_("Format"), ["JSON", "CSV"], key="format", horizontal=True)).lower()
    problem_at(fields["format"], "format")
    left, right = st.columns(2)
    fields["reference"] = left.text_input(
        _("Reference"), key="reference", max_chars=100, help=_("Your ticket number. Optional."), autocomplete="off"
    )
    st.session_state.setdefault("received_on", today)
    fields["received_on"] = right.date_input(  # type: ignore[assignment]  # a date, checked by name
        _("Received on"), min_value=earliest_receipt(today), max_value=today, format=date_field(), key="received_on",
        help=_("The day the customer's request reached your shop. The answer is due a month later."),
    )  # fmt: skip
    problem_at(fields["reference"], "reference")
    problem_at(fields["received_on"], "received_on")
    kept = st.session_state.pop("_send_kept", False)
    if st.button(_("Request export"), type="primary", icon=":material/send:", key="request_export") or kept:
        request = checked(fields)
        if request is None:
            st.rerun()
        if request.email and needs_an_answer(fields["email"]):
            st.session_state["_address_doubted"] = fields["email"]
        else:
            submit(request)
    ask_about_address(fields.get("email", ""))
with aside:
    if user.practice:
        try_these(user)
    else:
        st.info(
            _("LoyaltyDog is asked once. The file is locked away here, checked and shown to you before it is sent."),
            icon=":material/info:",
        )
