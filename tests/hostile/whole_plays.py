"""What a hostile vendor can play against a whole portal: odd answers, links and files, and where each export ends."""

import json
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from portal.exports import State
from tests.hostile.dense import DENSE, Dense
from tests.hostile.plays import (
    ANSWERS,
    CARD_NUMBER,
    EMAIL,
    FILES,
    GOOD,
    LINK,
    OTHER_EMAIL,
    SILENT,
    SLOW,
    Play,
    answer,
    instant,
)


@dataclass(frozen=True)
class Scene:
    """One export against one misbehaviour. ``posts`` and ``gets`` are what may arrive; ``notes`` what must be noted."""

    state: State
    code: str = ""
    asked: Play | bytes | None = field(default=None, repr=False)
    file: Play | bytes = field(default_factory=lambda: file_of(MINE), repr=False)
    format: str = "json"
    posts: int = 1
    gets: int = 1
    notes: tuple[str, ...] = ()
    impatient: Literal["", "deadline", "rate"] = ""
    redirects: int = 0

    @property
    def good_answer(self) -> bytes:
        return answer(GOOD | {"format": self.format})


def person(email: str, number: str = CARD_NUMBER) -> dict[str, Any]:
    return {
        "customer": {"id": "64b0c0ffee", "email": email, "name": "Kim Canary"},
        "giftCards": [{"id": "1", "cardNumber": number, "customerEmail": email, "balance": "12.50"}],
    }


MINE = json.dumps(person(EMAIL)).encode()


def file_of(body: bytes, *rows: str) -> bytes:
    return answer(body, 200, *(rows or ("Content-Type: application/json",)))


def odd(**change: Any) -> bytes:
    return answer({name: value for name, value in (GOOD | change).items() if value is not LEFT_OUT})


LEFT_OUT = object()


def ends(name: str) -> Scene:
    """Where the export ends when the POST is answered by one of ANSWERS."""
    played = ANSWERS[name]
    if played.delivery == "answered":
        code = played.error.code
        if code == "rate_limited":
            return Scene(State.READY, asked=played.play, posts=2)
        return Scene(State.REJECTED, code, asked=played.play, gets=0)
    return Scene(
        State.UNKNOWN, played.error.code, asked=played.play, gets=0, impatient="deadline" if name in SLOW else ""
    )


def not_fetched(name: str) -> Scene:
    """Where it ends when the file is one of FILES; what may be tried again is tried three times."""
    played = FILES[name]
    state = State.EXPIRED if played.error.code == "link_expired" else State.FAILED
    gets = 3 if played.error.retryable else 1
    redirects = 1 if "redirect" in name else 0
    if name == "redirect loop":
        gets = 2
    impatient: Literal["", "deadline", "rate"] = "deadline" if name in SILENT else "rate" if "drip" in name else ""
    return Scene(
        state, played.error.code, file=played.play, format="csv", gets=gets, redirects=redirects, impatient=impatient
    )


def refused_link(address: object, code: str = "address_refused") -> Scene:
    return Scene(State.FAILED, code, asked=odd(downloadUrl=address), gets=0)


STATUS_NOTE = ("status_unknown",)
ODD_ANSWERS = {
    "status nobody documented": Scene(State.READY, asked=odd(status="frobnicated"), notes=STATUS_NOTE),
    "status left out": Scene(State.READY, asked=odd(status=LEFT_OUT), notes=STATUS_NOTE),
    "status null": Scene(State.READY, asked=odd(status=None), notes=STATUS_NOTE),
    "status a number": Scene(State.READY, asked=odd(status=7), notes=STATUS_NOTE),
    "status an object": Scene(State.READY, asked=odd(status={"word": EMAIL}), notes=STATUS_NOTE),
    "status a word of failure": Scene(State.ATTENTION, "vendor_failed", asked=odd(status="failed")),
    "status a word of waiting": Scene(State.READY, asked=odd(status="queued")),
    "status of 10,000 letters": Scene(State.READY, asked=odd(status="x" * 10_000), notes=STATUS_NOTE),
    "status with escape codes": Scene(State.READY, asked=odd(status="\x1b[31mred\r\n"), notes=STATUS_NOTE),
    "status naming the customer": Scene(State.READY, asked=odd(status=f"for {EMAIL}"), notes=STATUS_NOTE),
    "status naming a card": Scene(State.READY, asked=odd(status=f"card {CARD_NUMBER}"), notes=STATUS_NOTE),
    "export id naming the customer": Scene(State.READY, asked=odd(exportId=EMAIL), notes=("export_id_unusual",)),
    "export id climbing": Scene(State.READY, asked=odd(exportId="../../etc/passwd"), notes=("export_id_unusual",)),
    "format of another kind": Scene(State.READY, asked=odd(format="csv"), notes=("format_differs",)),
    "format nobody knows": Scene(State.READY, asked=odd(format="xlsx"), notes=("format_differs",)),
    "times without an offset": Scene(
        State.READY,
        asked=odd(requestedAt=instant()[:-1], expiresAt=instant(days=1)[:-1]),
        notes=("requested_at_naive", "expires_at_naive"),
    ),
    "expiry since 1970": Scene(State.READY, asked=odd(expiresAt=int(time.time()) + 86_400)),
    "expiry left out": Scene(State.READY, asked=odd(expiresAt=LEFT_OUT), notes=("expires_at_unknown",)),
    "expiry null": Scene(State.READY, asked=odd(expiresAt=None), notes=("expires_at_unknown",)),
    "expiry out of range": Scene(
        State.READY, asked=odd(expiresAt="9999-12-31T23:59:59-14:00"), notes=("expires_at_unknown",)
    ),
    "time of the request left out": Scene(
        State.READY, asked=odd(requestedAt=LEFT_OUT), notes=("requested_at_unknown",)
    ),
    "expiry in the past": Scene(
        State.EXPIRED,
        "expired_unfetched",
        asked=odd(expiresAt=instant(hours=-1)),
        gets=0,
        notes=("expires_before_requested",),
    ),
    "expiry within a minute": Scene(
        State.EXPIRED, "expired_unfetched", asked=odd(expiresAt=instant(seconds=30)), gets=0
    ),
    "expiry in seventy years": Scene(
        State.READY, asked=odd(expiresAt=instant(days=25_000)), notes=("expires_far_ahead",)
    ),
    "expiry before the request": Scene(
        State.READY, asked=odd(requestedAt=instant(days=2)), notes=("expires_before_requested",)
    ),
    "extra fields with money as number": Scene(State.READY, asked=odd(extra={"deep": [1.10, {"a": None}]})),
    "lone surrogate in an extra field": Scene(State.READY, asked=odd(extra="\ud800")),
    "number of 5,000 digits beside": Scene(
        State.READY, asked=answer(json.dumps(GOOD)[:-1].encode() + b',"n":' + b"9" * 5000 + b"}")
    ),
    "link left out": Scene(
        State.FAILED, "link_missing", asked=odd(downloadUrl=LEFT_OUT), gets=0, notes=("download_url_missing",)
    ),
    "link null": Scene(
        State.FAILED, "link_missing", asked=odd(downloadUrl=None), gets=0, notes=("download_url_missing",)
    ),
    "link empty": Scene(
        State.FAILED, "link_missing", asked=odd(downloadUrl=" "), gets=0, notes=("download_url_missing",)
    ),
    "link an object": Scene(
        State.FAILED, "link_missing", asked=odd(downloadUrl={"a": 1}), gets=0, notes=("download_url_missing",)
    ),
}
LINKS = {
    "link to loopback over http": refused_link("http://127.0.0.1:1/x", "host_not_allowed"),
    "link to metadata": refused_link("http://169.254.169.254/latest/meta-data"),
    "link to metadata over https": refused_link("https://169.254.169.254/x", "host_not_allowed"),
    "link to an unlisted host": refused_link(f"https://files.unlisted.example{LINK}", "host_not_allowed"),
    "link to another port": refused_link(f"https://localhost:1{LINK}", "host_not_allowed"),
    "link without a scheme": refused_link(f"//files.unlisted.example{LINK}", "host_not_allowed"),
    "link to a rebinding name": refused_link(f"https://files.example.net{LINK}"),
    "link with user info": refused_link(f"https://localhost@files.unlisted.example{LINK}"),
    "link with a backslash": refused_link(f"https://files.unlisted.example\\.localhost{LINK}"),
    "link to a decimal host": refused_link("https://2130706433/x"),
    "link to a hex host": refused_link("https://0x7f000001/x"),
    "link to mapped loopback": refused_link("https://[::ffff:127.0.0.1]/x", "host_not_allowed"),
    "link in Cyrillic": refused_link("https://lоcalhost/x"),
    "link to a file": refused_link("file:///etc/passwd"),
    "link to a script": refused_link("javascript:alert(1)"),
    "link over ftp": refused_link("ftp://localhost/x"),
    "link that climbs": refused_link("/../../etc/passwd"),
    "link with a line break": refused_link("/x\r\nX-Evil: 1"),
    "link of 9,000 letters": refused_link("/" + "x" * 9000),
    "link with a fragment": refused_link("/x#y"),
    "link holding the file": Scene(
        State.READY,
        asked=odd(downloadUrl="data:application/json," + json.dumps({"email": EMAIL}).replace(" ", "")),
        gets=0,
    ),
    "link holding a web page": Scene(
        State.FAILED, "wrong_media_type", asked=odd(downloadUrl="data:text/html,<p>canary"), gets=0
    ),
    "link holding broken base64": Scene(
        State.FAILED, "address_refused", asked=odd(downloadUrl="data:application/json;base64,~~~"), gets=0
    ),
}
DEEP = b"[" * 100_000 + b"]" * 100_000
CSV = ("Content-Type: text/csv",)
ROW = f"{EMAIL},{CARD_NUMBER}\r\n".encode()
HEAD = b"customerEmail,cardNumber\r\n"
CONTENTS = {
    "somebody else's file": Scene(
        State.ATTENTION, "other_person", file=file_of(json.dumps(person(OTHER_EMAIL)).encode())
    ),
    "two people": Scene(
        State.ATTENTION, "other_person", file=file_of(json.dumps([person(EMAIL), person(OTHER_EMAIL, "7")]).encode())
    ),
    "two people in rows": Scene(
        State.ATTENTION, "other_person", file=file_of(HEAD + ROW + f"{OTHER_EMAIL},7\r\n".encode(), *CSV), format="csv"
    ),
    "nobody in it": Scene(State.READY, file=file_of(b'{"giftCards": []}')),
    "keys twice": Scene(
        State.ATTENTION, file=file_of(MINE[:-1] + b',"customer":{"email":"' + OTHER_EMAIL.encode() + b'"}}')
    ),
    "NaN in the file": Scene(State.READY, file=file_of(MINE[:-1] + b',"n":NaN}')),
    "infinite number": Scene(State.READY, file=file_of(MINE[:-1] + b',"n":1e400}')),
    "number of 5,000 digits": Scene(State.READY, file=file_of(MINE[:-1] + b',"n":' + b"9" * 5000 + b"}")),
    "lone surrogate in the file": Scene(State.READY, file=file_of(MINE[:-1] + b',"s":"\\ud800"}')),
    "100,000 levels in the file": Scene(State.READY, file=file_of(DEEP)),
    "broken off inside": Scene(State.ATTENTION, file=file_of(MINE[:-20])),
    "two documents": Scene(State.READY, file=file_of(MINE + MINE)),
    "bytes that are no text": Scene(State.READY, file=file_of(MINE[:-1] + b',"s":"\xff\xfe"}')),
    "an error's body": Scene(State.ATTENTION, file=file_of(b'{"error":{"code":"x","message":"no"}}')),
    "bare null": Scene(State.READY, file=file_of(b"null")),
    "UTF-16": Scene(State.READY, file=file_of(MINE.decode().encode("utf-16"))),
    "byte order mark": Scene(State.READY, file=file_of(b"\xef\xbb\xbf" + MINE)),
    "ten thousand keys": Scene(
        State.READY, file=file_of(MINE[:-1] + b"," + ",".join(f'"k{n}":1' for n in range(10_000)).encode() + b"}")
    ),
    "formulas in cells": Scene(
        State.READY, file=file_of(HEAD + ROW + f"{EMAIL},=HYPERLINK(A1)\r\n".encode(), *CSV), format="csv"
    ),
    "quote never closed": Scene(State.ATTENTION, file=file_of(HEAD + ROW + b'"' + ROW * 3, *CSV), format="csv"),
    "fifty thousand columns": Scene(State.READY, file=file_of(b"a," * 50_000 + b"\r\n" + ROW, *CSV), format="csv"),
    "zero bytes inside": Scene(State.READY, file=file_of(HEAD + ROW * 60 + b"\x00\x00\r\n", *CSV), format="csv"),
    "one line of a megabyte": Scene(State.READY, file=file_of(b"x" * 900_000, *CSV), format="csv"),
    "name that climbs": Scene(
        State.READY,
        file=file_of(MINE, "Content-Type: application/json", "Content-Disposition: attachment; filename=../../x"),
    ),
}


def looked_at(dense: Dense) -> Scene:
    """Where it ends when the file is one of DENSE."""
    state = State.ATTENTION if dense.code else State.READY
    rows = CSV if dense.format == "csv" else ()
    return Scene(state, dense.code, file=file_of(dense.body, *rows), format=dense.format)


SCENES: dict[str, Scene] = {
    **{f"asked: {name}": ends(name) for name in ANSWERS},
    **{f"fetched: {name}": not_fetched(name) for name in FILES},
    **{f"answered: {name}": scene for name, scene in ODD_ANSWERS.items()},
    **{f"linked: {name}": scene for name, scene in LINKS.items()},
    **{f"held: {name}": scene for name, scene in CONTENTS.items()},
    **{f"dense: {name}": looked_at(dense) for name, dense in DENSE.items()},
}
