"""A worker of its own that asks for one export and stays: the test kills it, or asks it to hand over by SIGTERM.

Arguments: data folder, the practice merchant's API address, host:port of its files, the customer's email.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from sqlalchemy import select

from portal.composition import build_portal
from portal.config import Settings
from portal.exports import parse_request
from portal.practice_start import seed_practice
from portal.storage.tables import Merchant

folder, base, downloads, email = sys.argv[1:]
portal = build_portal(Settings(data_dir=Path(folder), mode="practice"))
seed_practice(portal, int(base.rpartition(":")[2]))
with portal.db.write() as session:
    for merchant in session.scalars(select(Merchant)):
        merchant.download_hosts = [downloads]
portal.start_workers("worker")


def hand_over(*_: object) -> None:
    """End in order, but without the patience to see the wait's end."""
    portal.workers._engine.stop(finish_seconds=0)
    os._exit(0)


signal.signal(signal.SIGTERM, hand_over)
user = portal.accounts.user_for_account("maya@brookandbean.example.com", origin="cli")
print(portal.submissions.submit(user, parse_request(email=email)), flush=True)
time.sleep(600)
