"""The identity service: accounts, passwords, second factor, sessions and tickets behind one object."""

from __future__ import annotations

from portal.identity.exchange import Exchange
from portal.identity.languages import Languages
from portal.identity.oidc import SingleSignOn
from portal.identity.own_account import OwnAccount
from portal.identity.sign_in import PasswordSignIn
from portal.identity.tickets import Tickets
from portal.identity.vendor_sign_in import VendorSignIn


class Identity(OwnAccount, Exchange, PasswordSignIn, VendorSignIn, SingleSignOn, Tickets, Languages):
    """Everything the pages, routes and command line ask about people. Thread-safe: state is in the database."""
