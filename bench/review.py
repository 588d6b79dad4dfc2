"""The page after one decision about who is left out, beside a plain rerun of the same page in the same session.

Run: .venv/bin/python bench/review.py [decisions, default 20]
A file of 120 transactions with four givers and six cashiers. A decision is a press on Keep or Leave out of one giver:
it is written down, audited, and the page is drawn with it. "copy made" is the same once all is decided: then the copy
is made, searched and read again as well. A plain rerun draws the page as it is. Turn about; medians, and the time on a
core, which a busy machine blurs less.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from pydantic import SecretStr  # noqa: E402
from sqlalchemy import select  # noqa: E402

from bench.load import say  # noqa: E402
from bench.seeding import CUSTOMER, PASSWORD, with_file  # noqa: E402
from bench.servers import Server, environment, portal  # noqa: E402
from bench.signing_in import sign_in  # noqa: E402
from bench.wire import Tab  # noqa: E402
from portal.composition import build_portal  # noqa: E402
from portal.config import Settings  # noqa: E402
from portal.practice_start import seed_practice  # noqa: E402
from portal.storage.tables import Account, Merchant  # noqa: E402

GIVERS = ("Rosa Martinez", "Dawid Goliasz", "Ingrid Holm", "Paul Ashe")
STAFF = ("Paolo Conti", "Deniz Aydin", "Ingrid Lund", "Tom Baker", "Ana Reis", "Kim Roe")
MAKE = "Make the copy to send"


def sample() -> bytes:
    cards = [
        {
            "cardId": f"{number:024x}", "ownerEmail": CUSTOMER, "senderName": name,
            "senderEmail": f"{name.split()[0].lower()}.{number}@example.org", "customMessage": "Happy birthday",
        }
        for number, name in enumerate(GIVERS, 1)
    ]  # fmt: skip
    served = [
        {"id": f"{at:024x}", "amount": f"{at}.50", "cashierId": f"c{at % 6}", "cashierName": STAFF[at % 6]}
        for at in range(120)
    ]  # fmt: skip
    return json.dumps({"customer": {"email": CUSTOMER}, "giftCards": cards, "transactions": served}).encode()


def seed(folder: Path) -> str:
    """Gives the id of the export with the file. In a process of its own, for it opens the folder."""
    opened = build_portal(Settings(data_dir=folder, mode="practice", demo_password=SecretStr(PASSWORD)))
    try:
        seed_practice(opened, 1)
        with opened.db.read() as session:
            merchant = session.scalars(select(Merchant).order_by(Merchant.name)).first()
            assert merchant is not None
            person = session.scalars(select(Account.id).where(Account.merchant_id == merchant.id)).first()
        return with_file(opened, merchant.id, merchant.sealed_index_keyset, person or "", sample(), format="json")
    finally:
        opened.stop()


async def decided(tab: Tab, turn: int) -> float:
    """Keep or leave out the first giver, the other than before; seconds."""
    radio = next(drawn for drawn in tab.screen.values() if drawn.kind == "radio")
    return await tab.enter(radio.label, ("Keep", "Leave out")[turn % 2], "radio")


async def compared(server: Server, tab: Tab, decisions: int) -> tuple[list[float], list[float]]:
    """Of the page after a decision and of a plain rerun: median milliseconds, and those on a core in the mean."""
    times: tuple[list[float], list[float]] = ([], [])
    on_core = [0.0, 0.0]
    for turn in range(decisions + 3):
        for side, act in enumerate((lambda turn=turn: decided(tab, turn), tab.run)):
            spent = server.cpu_seconds()
            times[side].append(await act())
            on_core[side] += (server.cpu_seconds() - spent) if turn >= 3 else 0.0
    waited = [statistics.median(side[3:]) * 1000 for side in times]
    return waited, [seconds / decisions * 1000 for seconds in on_core]


async def measured(server: Server, export: str, decisions: int) -> None:
    tab = Tab(server.origin, cookie=await sign_in(server.origin, person="sam"))
    await tab.open()
    await tab.go("preview", f"export={export}")
    figures: dict[str, float] = {}
    for name in ("undecided", "copy made"):
        for what, (after, plain) in zip(("", "_on_a_core"), await compared(server, tab, decisions), strict=True):
            words = f"{name}{what.replace('_', ' ')}"
            print(
                f"{words:<22} after a decision {after:7.1f} ms, plain rerun {plain:7.1f} ms: {after / plain:.2f} times"
            )
            figures |= {f"{name.replace(' ', '_')}{what}_ratio": after / plain}
        if tab.has("button", MAKE):
            await tab.press(MAKE)
    await tab.close()
    say(figures)


def main() -> int:
    if sys.argv[1:2] == ["--seed"]:
        print(seed(Path(sys.argv[2])))
        return 0
    decisions = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory(prefix="bench-review-") as folder:
        command = [sys.executable, __file__, "--seed", f"{folder}/data"]
        made = subprocess.run(command, cwd=ROOT, env=environment(), check=True, capture_output=True, text=True)
        with portal(0, folder=Path(folder)) as server:
            asyncio.run(measured(server, made.stdout.split()[-1], decisions))
    return 0


if __name__ == "__main__":
    sys.exit(main())
