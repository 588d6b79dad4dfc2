"""Pictures of the way in, of the sessions' ends and of trouble in the house. Steps of `picture_list.py`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from picture_camera import Camera
from picture_list import shot
from picture_shop import FIRST

if TYPE_CHECKING:
    from pictures import Studio

WRONG_TRIES = 12
WAIT_WORDS = "then try again"


@shot("sign_in", "normal", who="")
def sign_in(camera: Camera, studio: Studio) -> None:
    camera.open("/")


@shot("sign_in", "error", "wrong-password", who="", house="strict")
def wrong_password(camera: Camera, studio: Studio) -> None:
    camera.open("/")
    camera.start_signing_in(f"iris@{FIRST}", "not this one")
    camera.sees("do not match")


@shot("sign_in", "error", "too-many-tries", who="", house="strict")
def too_many_tries(camera: Camera, studio: Studio) -> None:
    camera.open("/")
    for _try in range(WRONG_TRIES):
        camera.start_signing_in(f"nobody@{FIRST}", "not this one")
        camera.page.get_by_test_id("stAlert").first.wait_for(timeout=20_000)
        camera.settle()
        if camera.page.get_by_text(WAIT_WORDS).count():
            return
    raise LookupError("nobody was made to wait")


@shot("sign_in", "normal", "enrolment", who="", house="strict")
def enrolment(camera: Camera, studio: Studio) -> None:
    with closing(sqlite3.connect(studio.houses["strict"].folder / "portal.sqlite3")) as database, database:
        database.execute("UPDATE accounts SET wants_second_factor = 1 WHERE email = ?", (f"sam@{FIRST}",))
    camera.open("/")
    camera.start_signing_in(f"sam@{FIRST}", studio.password)
    camera.sees("Key, to type in by hand")


@shot("sign_in", "error", "wrong-code", who="", house="strict")
def wrong_code(camera: Camera, studio: Studio) -> None:
    enrolment(camera, studio)
    camera.fill("6-digit code", "000000")
    camera.press("Verify")


@shot("sign_in", "normal", "recovery-codes", who="", house="strict")
def recovery_codes(camera: Camera, studio: Studio) -> None:
    import pyotp

    enrolment(camera, studio)
    secret = camera.page.get_by_test_id("stCode").first.inner_text().strip()
    camera.fill("6-digit code", pyotp.TOTP(secret).now())
    camera.press("Verify")
    camera.sees("recovery codes")


@shot("sign_in", "normal", "second-factor", who="", house="strict")
def second_factor(camera: Camera, studio: Studio) -> None:
    camera.open("/")
    camera.start_signing_in(f"sam@{FIRST}", studio.password)
    camera.sees("6-digit code")


@shot("sign_in", "normal", "loyaltydog", who="")
def loyaltydog(camera: Camera, studio: Studio) -> None:
    camera.open("/")
    camera.unfold("Sign in with LoyaltyDog")


@shot("sign_in", "normal", "ended-session", who="iris-once")
def ended_session(camera: Camera, studio: Studio) -> None:
    camera.open("/")
    camera.press("Sign out", moving=True)
    camera.sees("You are signed out.")
    camera.settle()


@shot("today", "normal", "idle-warning", house="strict", whole=False)
def idle_warning(camera: Camera, studio: Studio) -> None:
    camera.open("/")
    camera.sees("You will be signed out")


@shot("preview", "normal", "step-up", house="strict")
def step_up(camera: Camera, studio: Studio) -> None:
    camera.request("ada")
    camera.sees("Confirm it is still you.")
    camera.settle()


@shot("accounts", "normal", "step-up", house="strict")
def accounts_step_up(camera: Camera, studio: Studio) -> None:
    camera.open("/accounts")
    camera.sees("Confirm it is still you.")


@shot("plain", "error", "no-such-file", who="maya")
def no_such_file(camera: Camera, studio: Studio) -> None:
    camera.page.goto(f"{camera.origin}/exports/{'0' * 32}/file")


@shot("plain", "error", "signed-out", who="")
def file_without_session(camera: Camera, studio: Studio) -> None:
    camera.page.goto(f"{camera.origin}/exports/{'0' * 32}/file")


@shot("plain", "error", "no-such-page", whole=False)
def no_such_page(camera: Camera, studio: Studio) -> None:
    camera.open("/nothing_here")


def broken(studio: Studio, table: str) -> Iterator[None]:
    """The strict house's database without one of its tables while a picture is taken."""
    place = studio.houses["strict"].folder / "portal.sqlite3"
    with closing(sqlite3.connect(place, timeout=20)) as database:
        database.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
        try:
            yield
        finally:
            database.execute(f"ALTER TABLE {table}_away RENAME TO {table}")


@shot("today", "error", "database-away", house="strict")
def database_away(camera: Camera, studio: Studio) -> Iterator[None]:
    camera.open("/your_account")
    for _step in broken(studio, "exports"):
        camera.open("/", moving=True)
        camera.page.wait_for_timeout(1500)
        yield


@shot("past_exports", "error", "database-away", house="strict")
def list_away(camera: Camera, studio: Studio) -> Iterator[None]:
    camera.open("/your_account")
    for _step in broken(studio, "exports"):
        camera.open("/past_exports", moving=True)
        camera.page.wait_for_timeout(1500)
        yield


@shot("audit_trail", "error", "unavailable", house="strict")
def trail_away(camera: Camera, studio: Studio) -> Iterator[None]:
    camera.open("/your_account")
    for _step in broken(studio, "audit_entries"):
        camera.open("/audit_trail", moving=True)
        camera.page.wait_for_timeout(1500)
        yield


@shot("new_export", "error", "trail-unavailable", house="strict")
def ask_without_trail(camera: Camera, studio: Studio) -> Iterator[None]:
    camera.open("/new_export")
    camera.fill("Customer email", "many.cards@example.com")
    for _step in broken(studio, "audit_entries"):
        camera.press("Request export", moving=True)
        camera.page.wait_for_timeout(1500)
        yield


@shot("plain", "error", "sessions-away", house="strict")
def sessions_away(camera: Camera, studio: Studio) -> Iterator[None]:
    for _step in broken(studio, "login_sessions"):
        camera.page.goto(camera.origin + "/")
        camera.page.wait_for_timeout(2500)
        yield
