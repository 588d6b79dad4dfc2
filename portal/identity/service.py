"""The identity service: accounts, passwords, second factor, sessions and tickets behind one object."""

from __future__ import annotations

from portal.identity.accounts import Accounts
from portal.identity.sessions import Sessions
from portal.identity.sign_in import PasswordSignIn
from portal.identity.tickets import Tickets


class Identity(Accounts, PasswordSignIn, Sessions, Tickets):
    """Everything the pages, routes and command line ask about people. Thread-safe: state is in the database."""
