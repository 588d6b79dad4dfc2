"""`mail`: bounces come in, and a test mail goes out."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from portal.commands.cases.given import As
from portal.commands.current_user import acting_user, opened_portal
from portal.composition import Portal
from portal.config import load_settings
from portal.delivery.mail.bounces import LONGEST_BYTES
from portal.delivery.mail.kinds import MailState
from portal.delivery.mail.network.imap import TROUBLES, mailbox_of, poll
from portal.errors import StateConflict
from portal.identity import User

app = typer.Typer(no_args_is_help=True, help="Mails to the people who ask.")
NOT_DONE = 1
TEST_SECONDS = 60.0
NO_MAILBOX = "No mailbox of bounces is set up."


@app.command("bounce")
def bounce() -> None:
    """Take in one message on standard input, as a mail server's pipe gives it. Status 0 for whatever it is: a mail
    server would answer another one with a bounce of its own."""
    with opened_portal() as portal:
        told = portal.bounces.take(sys.stdin.buffer)
    print("A mail of the portal came back or was delayed." if told else "About no mail of the portal.", file=sys.stderr)


@app.command("poll")
def read_mailbox() -> None:
    """Take in every message of PORTAL_MAIL_IMAP_HOST's mailbox, and delete it there."""
    mailbox = mailbox_of(load_settings())
    if mailbox is None:
        raise StateConflict(NO_MAILBOX, next_step="Set PORTAL_MAIL_IMAP_HOST: see docs/mail.md.", detail="imap")
    with opened_portal() as portal:
        try:
            read, told = poll(mailbox, portal.bounces.take_bytes, longest=LONGEST_BYTES)
        except TROUBLES as trouble:
            print(f"The mailbox of bounces cannot be read ({type(trouble).__name__}).", file=sys.stderr)
            raise typer.Exit(NOT_DONE) from None
    print(f"{read} read, {told} about mails of the portal.")


@app.command("test")
def send_test(
    address: Annotated[str, typer.Argument(help="one address that gets it")],
    account: As = None,
) -> None:
    """Send a test mail and say what the mail server answered. Exit status 1 unless it took the mail."""
    with opened_portal() as portal:
        user = acting_user(portal, account)
        portal.start_workers("cli")
        mail_id = portal.mail_settings.send_test(user, address)
        state = _settled(portal, user, mail_id)
    print(state)
    if state != MailState.ACCEPTED:
        raise typer.Exit(NOT_DONE)


def _settled(portal: Portal, user: User, mail_id: str) -> str:
    end = time.monotonic() + TEST_SECONDS
    while (state := portal.mail_settings.state_of(user, mail_id)) in (MailState.QUEUED, MailState.SENDING):
        if time.monotonic() > end:
            break
        time.sleep(0.1)
    return state
