"""What a fetched file says that asks for a second proof: money on the cards, a record that was changed lately. Pure.

Of the money only how many of the amounts in `AMOUNTS` it reaches is kept, never how much there is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

AMOUNTS = (50, 100, 250, 500, 1000)
"""From which a merchant may want a second proof, in whatever currency the cards are."""
USUAL_AMOUNT = 250
CHANGED_LATELY = dt.timedelta(days=30)


def band_of(sums: Iterable[Decimal], *, unread: int = 0) -> int:
    """How many of the amounts the largest sum reaches; all, where a balance cannot be read."""
    most = max(sums, default=Decimal(0))
    return len(AMOUNTS) if unread else sum(most >= amount for amount in AMOUNTS)


def reaches(band: int | None, amount: int) -> bool:
    """Does a file of that band hold so much? One that was checked before bands were is not known to."""
    return band is not None and band >= sum(one <= amount for one in AMOUNTS)


def changed_lately(changed_on: dt.date | None, received_on: dt.date) -> bool:
    """Within the days before the request came, or since."""
    return changed_on is not None and changed_on >= received_on - CHANGED_LATELY
