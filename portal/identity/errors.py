"""Errors of signing in."""

from __future__ import annotations

from portal.errors import PortalError


class SignInRefused(PortalError):
    """Unknown email, wrong password, disabled account or wrong method: the same words for all (SEC-37)."""

    refusal = True
    code = "sign_in_refused"
    message = "That email and password do not match."
    next_step = "Check both and try again. A manager of your merchant can set a new password."


class CodeRefused(PortalError):
    """The 6-digit code or recovery code is wrong, used or too old."""

    refusal = True
    code = "code_refused"
    message = "That code does not match, or it was used already."
    next_step = "Wait for the next code in your app, then enter it."
