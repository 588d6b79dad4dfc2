"""What deliveries need of the post: to queue a mail in the caller's transaction, and to set it going afterwards.

`portal.delivery.mail.outbox.Outbox` is the one in use; a deployment without a relay has `NoPost`.
"""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy.orm import Session

from portal.errors import PortalError


class NoRelay(PortalError):
    """No mail server is set up: links are shown on a screen, or handed over otherwise."""

    refusal = True
    code = "no_relay"
    message = "This portal sends no mail yet."
    next_step = "Hand the answer over another way, or ask the portal's operator to set up the mail server."


class Post(Protocol):
    @property
    def ready(self) -> bool:
        """Is a mail server set up?"""
        ...

    def queue(
        self, session: Session, *, merchant_id: str, case_id: str, delivery_id: str, to: str, language: str,
        contents: Any, by: str,
    ) -> str:  # fmt: skip
        """Within the caller's transaction. Gives the mail's id."""
        ...

    def start(self, mail_id: str) -> None:
        """After the commit."""
        ...


class ChangedMail(Protocol):
    """The row of a mail, as `mail_changed` reads it."""

    delivery_id: str
    kind: str
    state: str


class NoPost:
    """Stands where no mail can be sent."""

    ready = False

    def queue(self, session: Session, **_: object) -> str:
        raise NoRelay

    def start(self, mail_id: str) -> None:
        raise NoRelay
