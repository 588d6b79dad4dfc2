"""The export service: everything a page, a route or the command line may do with exports.

Every function takes the signed-in `User` first and is bound to that user's merchant; foreign and
absent are the same answer (SEC-41).
"""

from __future__ import annotations

from portal.exports.answering import Answering
from portal.exports.comparing import Comparing
from portal.exports.connecting import Connecting
from portal.exports.listing import Listing
from portal.exports.lookups import Lookups
from portal.exports.retention import Retention
from portal.exports.submitting import Submitting


class Exports(Submitting, Listing, Lookups, Comparing, Answering, Retention, Connecting):
    """Submit, decide, list, look up, open, compare, say how it was answered, destroy; and the merchant's connection."""
