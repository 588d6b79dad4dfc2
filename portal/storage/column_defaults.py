"""What a new row's columns take from its other columns, for `insert_default` of `portal.storage.tables`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from portal.identifiers import identifier_key
from portal.storage.months import months_after


def folded_reference(context: Any) -> str:
    """The reference as it is searched for: letters' case does not matter."""
    return str(context.get_current_parameters().get("reference") or "").casefold()


def key_of_email(context: Any) -> str:
    """The email as it is looked up."""
    return identifier_key(context.get_current_parameters()["email"])


def own_id(context: Any) -> str:
    return str(context.get_current_parameters()["id"])


def month_after_receipt(context: Any) -> dt.date:
    """A month from the day of receipt, or of asking where none is known (Art. 12(3) GDPR)."""
    row = context.get_current_parameters()
    received: dt.date = row.get("received_on") or row["requested_at"].date()
    return months_after(received, 1)
