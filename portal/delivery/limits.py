"""How often a code may be tried (DLV-5), how long things last, and how much may run at once (DLV-7). Pure."""

from __future__ import annotations

import datetime as dt

from portal.identity.throttle import Policy

WRONG_BEFORE_WAIT = 5
WRONG_BEFORE_LOCK = 15
FIRST_WAIT = dt.timedelta(minutes=15)
ADDRESS = Policy(free=20, longest=900.0)
"""Wrong codes from one address, whatever the links."""

FEWEST_DAYS, MOST_DAYS, USUAL_DAYS = 1, 30, 14
VISIT = dt.timedelta(minutes=15)
MAIL_CODE_LIVES = dt.timedelta(minutes=10)
MAIL_CODE_TRIES = 5
MAIL_CODES_AN_HOUR = 3
HOUR = dt.timedelta(hours=1)

DOWNLOADS = 3
AT_ONCE = 2
GRACE = dt.timedelta(hours=24)
BEAT_SECONDS = 20.0
"""A running download says so often that it runs; one that is silent for `SILENT` was cut."""
SILENT = dt.timedelta(seconds=90)
REMIND_AFTER = (dt.timedelta(days=3), dt.timedelta(days=7))
REPORT_WITHIN = dt.timedelta(hours=72)
"""Art. 33(1) GDPR."""


def wait_after(wrong: int) -> dt.timedelta:
    """What the `wrong`-th wrong code costs: 15 minutes after five, twice that after ten."""
    rounds, over = divmod(wrong, WRONG_BEFORE_WAIT)
    return FIRST_WAIT * 2 ** (rounds - 1) if wrong and not over else dt.timedelta(0)


def locks(wrong: int) -> bool:
    return wrong >= WRONG_BEFORE_LOCK


def may_begin(completed: int, running: int) -> bool:
    """May one more download begin? Those that run could all complete, so they count as if they had."""
    return running < AT_ONCE and completed + running < DOWNLOADS
