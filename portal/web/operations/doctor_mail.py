"""Doctor's checks of the mail server: encrypted, signed in, and it leaves links as they are (MAIL-2, MAIL-5)."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator

from portal.config import Settings
from portal.delivery.mail.network.imap import mailbox_of
from portal.delivery.mail.network.relay import Security, relay_of
from portal.delivery.mail.network.smtp import connected
from portal.loyaltydog.network.tls import NoAuthorities
from portal.web.operations.doctor_paths import Check

ANSWER_SECONDS = 10.0
TRACKING = (
    "Switch the mail server's tracking of clicks and opens off: it rewrites the link of an answer and writes it down. "
    "Send yourself a mail with `python -m portal mail test` and look."
)


def mail_checks(settings: Settings) -> Iterator[Check]:
    """Asks the server, when there is one; sends nothing."""
    relay = relay_of(settings)
    if relay is None:
        return
    trouble, fix = "", "Correct PORTAL_MAIL_HOST, PORTAL_MAIL_PORT and PORTAL_MAIL_SECURITY (docs/mail.md)."
    try:
        with connected(relay, answer_seconds=ANSWER_SECONDS, whole=3 * ANSWER_SECONDS) as server:
            server.noop()
    except smtplib.SMTPAuthenticationError:
        trouble, fix = "The mail server refuses the sign-in.", "Correct PORTAL_MAIL_USER and PORTAL_MAIL_PASSWORD."
    except smtplib.SMTPNotSupportedError:
        trouble = "The mail server offers no encryption, or no sign-in."
    except (OSError, smtplib.SMTPException, NoAuthorities, ValueError) as error:
        trouble = f"The mail server cannot be used ({type(error).__name__})."
    way = "unencrypted, on this machine" if relay.security is Security.PLAIN else "encrypted, its certificate checked"
    # A server that is away for a moment is no reason not to start: mails wait for it.
    yield Check("mail server", True, trouble or f"The mail server answers, {way}.", fix, warns=bool(trouble))
    if mailbox_of(settings) is not None:
        return  # `link_checks` sees it
    yield Check("mail tracking", True, "Whether the mail server rewrites links cannot be seen from here.", TRACKING,
                warns=True)  # fmt: skip
