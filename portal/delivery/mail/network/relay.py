"""The relay that takes the portal's mails: the operator's, never a merchant's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from portal.config import PRACTICE_PORT_DEFAULT, Settings, practice_mail_port
from portal.loyaltydog.addresses import is_loopback_host

PRACTICE_FROM = "privacy-portal@practice.example"


class Security(StrEnum):
    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


PORTS: Mapping[Security, int] = {Security.TLS: 465, Security.STARTTLS: 587, Security.PLAIN: 25}


@dataclass(frozen=True)
class Relay:
    """`mail_from` is the address that mails come from, `bounce_to` the mailbox that they come back to."""

    host: str
    port: int
    security: Security
    mail_from: str
    bounce_to: str
    user: str = ""
    password: str = field(default="", repr=False)


def relay_of(settings: Settings) -> Relay | None:
    """As the settings have it; None when no mail is sent. A practice portal has a mailbox of its own, and sends to no
    other machine: everybody in it is invented."""
    if settings.practice and not is_loopback_host(settings.mail_host):
        port = practice_mail_port(int(os.environ.get("PRACTICE_PORT") or PRACTICE_PORT_DEFAULT))
        return Relay("127.0.0.1", port, Security.PLAIN, PRACTICE_FROM, PRACTICE_FROM)
    if not settings.mail_host:
        return None
    security = Security(settings.mail_security)
    mail_from = settings.mail_from or (PRACTICE_FROM if settings.practice else "")
    return Relay(
        settings.mail_host,
        settings.mail_port or PORTS[security],
        security,
        mail_from,
        settings.mail_bounce_to or mail_from,
        settings.mail_user,
        settings.mail_password.get_secret_value() if settings.mail_password else "",
    )
