"""One light portal process without pages, told by JSON on its command line what to do and where to die.

    {"data": FOLDER, "database": URL?, "blobs": URL?, "kind": "worker",
     "die": {"label": NAME, "count": N}?, "submit": [EMAIL...]?, "keep_asking": PREFIX?,
     "collect": EMAIL?, "mail": EMAIL?, "deliver": {"email": EMAIL, "way": WAY}?,
     "same": {"email": EMAIL, "times": N}?, "wait_at": NAME?, "until": "idle"|"told",
     "settings": {NAME: VALUE}?, "destroy": true?, "expire": true?, "sweep": true?}

It kills itself by SIGKILL when it passes the labelled point for the count-th time, and waits for a line on
standard input when it first passes `wait_at`; `same` waits for one too, then asks N times at once. Lines on standard
output: `up`, `asked ID EMAIL`, `at NAME`, `idle`.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pydantic import SecretStr
from sqlalchemy import func, select

from portal.cases.facts import Channel, RefusalReason, Right
from portal.cases.services.intake import IdentifierKind, NewCase
from portal.composition import Portal, build_portal
from portal.config import Settings
from portal.delivery.kinds import CodeChannel, DeliveryWay
from portal.delivery.mail import durable as mail_durable
from portal.delivery.mail.contents import AnswerMail
from portal.exports import AskedAlready, State, parse_request
from portal.exports.core.states import RUNNING
from portal.exports.workflow import takeover
from portal.sources import durable
from portal.sources.kinds import RUNNING as RUNNING_SOURCES
from portal.storage.answering.mail_tables import Mail
from portal.storage.answering.source_tables import CaseSource
from portal.storage.tables import Export, utc_now

ACCOUNT = "maya@brookandbean.example.com"


class Dying:
    """Called at each checkpoint: SIGKILL, or a wait, at the chosen one."""

    def __init__(self, die: dict[str, Any] | None, wait_at: str | None = None) -> None:
        self._wait_at = wait_at
        self._label = die["label"] if die else None
        self._count = die.get("count", 1) if die else 0
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, label: str) -> None:
        with self._lock:
            self._seen[label] += 1
            if label == self._label and self._seen[label] == self._count:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)
            waits = label == self._wait_at and self._seen[label] == 1
        if waits:
            say("at", label)
            sys.stdin.readline()


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")  # one write, so that lines of threads do not mix
    sys.stdout.flush()


def wait_until_idle(portal: Portal) -> None:
    while True:
        with portal.db.read() as session:
            exports = select(func.count()).select_from(Export).where(Export.state.in_(RUNNING))
            sources = select(func.count()).select_from(CaseSource).where(CaseSource.state.in_(RUNNING_SOURCES))
            mails = select(func.count()).select_from(Mail).where(Mail.next_try_at <= utc_now())
            if not any(session.scalar(counted) for counted in (exports, sources, mails)):
                return
        time.sleep(0.03)


def main(orders: dict[str, Any]) -> None:
    takeover.FORGOTTEN_AFTER_SECONDS = 0.5  # type: ignore[misc]  # a cycle of these tests is to last two seconds
    durable.FORGOTTEN_AFTER_SECONDS = 0.5  # type: ignore[misc]
    mail_durable.FORGOTTEN_AFTER_SECONDS = 0.5  # type: ignore[misc]
    settings = Settings(
        mode="practice",
        data_dir=Path(orders["data"]),
        database_url=orders.get("database", ""),
        blob_url=orders.get("blobs", ""),
        demo_password=SecretStr("violet-tractor-pond-91"),
        edge_requests=0,
        **orders.get("settings", {}),
    )
    portal = build_portal(settings, checkpoint=Dying(orders.get("die"), orders.get("wait_at")))
    portal.start_workers(orders.get("kind", "worker"), beat_seconds=orders.get("beat", 0.3))
    say("up")

    def ask(email: str) -> None:
        user = portal.accounts.user_for_account(ACCOUNT, origin="cli")
        say("asked", portal.submissions.submit(user, parse_request(email=email, format="json"), force=True), email)

    for email in orders.get("submit", ()):
        ask(email)
    if email := orders.get("collect"):
        collect(portal, email)
    if email := orders.get("mail"):
        post(portal, email)
    if answer := orders.get("deliver"):
        deliver(portal, answer["email"], DeliveryWay(answer["way"]))
    if same := orders.get("same"):
        sys.stdin.readline()
        ask_together(portal, same["email"], same["times"])
    number = 0
    while prefix := orders.get("keep_asking"):
        number += 1
        ask(f"{prefix}.{number}@example.com")
        time.sleep(orders.get("pause", 0.08))
    if orders.get("until") == "told":
        sys.stdin.readline()
    wait_until_idle(portal)
    after(portal, orders)
    say("idle")
    portal.stop()
    sys.stdout.flush()
    os._exit(0)


def collect(portal: Portal, email: str) -> None:
    """Open a case for the person, and collect its sources."""
    user = portal.accounts.user_for_account(ACCOUNT, origin="cli")
    known = ((IdentifierKind.EMAIL, SecretStr(email)),)
    new = NewCase(identifiers=known, rights=frozenset({Right.ACCESS}), channel=Channel.EMAIL)
    case_id = portal.case_intake.open(user, new).case_id
    portal.case_sources.collect(user, case_id)
    say("collecting", case_id)


def post(portal: Portal, email: str) -> None:
    """Send an answer's mail to the person."""
    user = portal.accounts.user_for_account(ACCOUNT, origin="cli")
    contents = AnswerMail("2026-0042", "https://portal.example/r/secret-of-a-link", dt.date(2026, 6, 5), "")
    with portal.db.write() as session:
        mail_id = portal.outbox.queue(
            session, merchant_id=user.merchant_id, case_id="", delivery_id="", to=email, language="en",
            contents=contents, by=user.account_id,
        )  # fmt: skip
    portal.outbox.start(mail_id)


def deliver(portal: Portal, email: str, way: DeliveryWay) -> None:
    """A refused case's letter as an approved package, sent by a link; what is shown on the screen is fetched too."""
    user = portal.accounts.user_for_account(ACCOUNT, origin="cli")
    known = ((IdentifierKind.EMAIL, SecretStr(email)),)
    new = NewCase(identifiers=known, rights=frozenset({Right.ACCESS}), channel=Channel.EMAIL)
    case = portal.case_intake.open(user, new).case_id
    portal.case_file.refuse(user, case, RefusalReason.EXCESSIVE, "Your request: we do not act on it.")
    built = portal.packages.build(user, case)
    portal.packages.approve(user, case, built.id, built.sha256)
    by_mail = way is DeliveryWay.LINK
    to, channel = (email, CodeChannel.PHONE) if by_mail else ("", CodeChannel.IN_PERSON)
    made = portal.deliveries.prepare(user, case, built.id, way, to=to, to_again=to, channel=channel)
    portal.deliveries.told(user, case, made.delivery_id, channel)
    token = portal.deliveries.send(user, case, made.delivery_id).rpartition("/")[2]
    if not by_mail:
        cookie = portal.recipient.try_code(token, made.code, address="127.0.0.1").cookie
        for _chunk in portal.recipient.fetch(token, cookie, address="127.0.0.1").chunks:
            pass


def ask_together(portal: Portal, email: str, times: int) -> None:
    """The same request from as many threads at once; tells which export each was given."""
    user, gate = portal.accounts.user_for_account(ACCOUNT, origin="cli"), threading.Barrier(times)

    def ask() -> None:
        gate.wait()
        try:
            export_id = portal.submissions.submit(user, parse_request(email=email, format="json"))
        except AskedAlready as same:
            export_id = same.export_id
        say("asked", export_id, email)

    threads = [threading.Thread(target=ask) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def after(portal: Portal, orders: dict[str, Any]) -> None:
    """What is done once all exports stand still."""
    with portal.db.read() as session:
        ready = list(session.scalars(select(Export.id).where(Export.state == State.READY)))
    if orders.get("expire"):
        with portal.db.write() as session:
            for export_id in ready:
                session.get_one(Export, export_id).link_expires_at = utc_now() - dt.timedelta(seconds=1)
        portal.retention.run_housekeeping()
    if orders.get("destroy"):
        user = portal.accounts.user_for_account(ACCOUNT, origin="cli")
        for export_id in ready:
            portal.retention.destroy(user, export_id)
    if orders.get("sweep"):
        portal.source_retention.sweep(dt.timedelta(seconds=-5))
        portal.retention.sweep(dt.timedelta(seconds=-5))


def fork_for_each_line() -> None:
    """For each line on standard input: fork, do its orders there, tell the process's id and then its status."""
    assert len(os.listdir("/proc/self/task") if sys.platform == "linux" else [0]) == 1, "threads do not come along"
    for line in sys.stdin:
        given = json.loads(line)
        if (process := os.fork()) == 0:
            os.dup2(os.open(os.devnull, os.O_RDWR), 0)
            os.dup2(0, 1)
            os.dup2(os.open(given["errors"], os.O_WRONLY | os.O_APPEND | os.O_CREAT), 2)
            os.environ.clear()
            os.environ.update(given["env"])
            try:
                main(given["orders"])
            except BaseException:
                traceback.print_exc()
            os._exit(1)
        say(process)
        say(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))


if __name__ == "__main__":
    fork_for_each_line() if sys.argv[1] == "--fork" else main(json.loads(sys.argv[1]))
