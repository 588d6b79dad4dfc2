"""Every error a person may meet, in one tree.

    PortalError
    ├── InputError            a field is wrong; says which
    ├── NotSignedIn           no valid login session
    ├── NotPermitted          the role may not do this
    ├── NotFound              absent, or another merchant's: the same answer (SEC-41)
    ├── StateConflict         the object has moved on; look again
    ├── NotConfigured         the portal lacks a setting a manager must give
    ├── SealBroken            a sealed file or field does not verify (SEC-25)
    └── TryLater              a limit; carries the wait

`message` and `next_step` are for the person, `detail` for the log (never personal data or
secrets), `code` is stable and searchable, `reference` is the same in page, log and audit.
"""

from __future__ import annotations

import secrets


class PortalError(Exception):
    """Base of all portal errors; `str()` gives only code and detail, never personal data.

    `refusal` says that the portal refuses: for who asks, what they may or how things stand. It leaves an entry in the
    trail (`portal.identity.refusal_audit`); a fault, a missing setting or a field to correct does not.
    """

    refusal = False
    code = "portal_error"
    message = "Something went wrong on our side."
    next_step = "Try again. If it happens again, give the reference to the portal's operator."

    def __init__(self, message: str | None = None, *, next_step: str | None = None, detail: str = "") -> None:
        self.message = message or type(self).message
        self.next_step = type(self).next_step if next_step is None else next_step
        self.detail = detail
        self.reference = secrets.token_hex(4)
        super().__init__(f"{self.code} [{self.reference}] {detail}".rstrip())


class InputError(PortalError):
    """One field holds something that cannot be used. `field` is the request field's name."""

    code = "input"
    message = "Check what you entered."
    next_step = ""

    def __init__(self, message: str, *, field: str, detail: str = "") -> None:
        super().__init__(message, detail=detail or f"field {field}")
        self.field = field


class InputErrors(PortalError):
    """All wrong fields of one form at once."""

    code = "input"
    message = "Check what you entered."
    next_step = ""

    def __init__(self, problems: list[InputError]) -> None:
        super().__init__(" ".join(p.message for p in problems), detail=", ".join(p.field for p in problems))
        self.problems = problems


class NotSignedIn(PortalError):
    refusal = True
    code = "not_signed_in"
    message = "You are signed out."
    next_step = "Sign in again."


class NotPermitted(PortalError):
    refusal = True
    code = "not_permitted"
    message = "Your role does not allow this."
    next_step = "Ask a manager of your merchant."


class NotFound(PortalError):
    refusal = True
    code = "not_found"
    message = "There is nothing here by that address."
    next_step = "Look in Past exports."


class StateConflict(PortalError):
    refusal = True
    code = "state_conflict"
    message = "This export has moved on since the page was drawn."
    next_step = "Look at it again."


class NotConfigured(PortalError):
    code = "not_configured"
    message = "The portal has no connection to LoyaltyDog for this merchant."
    next_step = "A manager can enter the API address and token in Settings."


class SealBroken(PortalError):
    code = "seal_broken"
    message = "The sealed file does not verify, so it is not shown."
    next_step = "Ask again for the export, and tell the portal's operator."


class StepUpNeeded(PortalError):
    """The last proof of who is here is older than the limit (SEC-39)."""

    refusal = True
    code = "step_up"
    message = "Confirm it is still you."
    next_step = "Enter your password or code again."


class TryLater(PortalError):
    refusal = True
    code = "try_later"
    message = "Too many tries."
    next_step = "Wait a little, then try again."

    def __init__(self, message: str | None = None, *, wait_seconds: float, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.wait_seconds = wait_seconds
