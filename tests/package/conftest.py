"""Packages of the practice merchant's people, built in memory."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from portal.package.build import build
from portal.package.manifest import Manifest
from portal.package.parts import CaseFacts, FileKind, Letter, Media, PackageFile, PackageParts, file_of_bytes
from portal.practice.invented import shapes
from portal.practice.invented.builder import build_world
from portal.practice.invented.world import Customer, World

CASE = CaseFacts(
    merchant="Brook & Bean Coffee", case="2026-0042", reference="2026-0042-K7Q",
    received_on=dt.date(2026, 11, 2), answered_on=dt.date(2026, 11, 23),
)  # fmt: skip
LETTER = Letter("<h1>Our answer to your request</h1><p>You asked us what we know of you.</p>")
FOLDER = f"answer-{CASE.reference}/"


@dataclass(frozen=True)
class Built:
    """A finished package and what was said of it."""

    data: bytes
    manifest: Manifest

    @property
    def names(self) -> list[str]:
        with zipfile.ZipFile(io.BytesIO(self.data)) as package:
            return [name.removeprefix(FOLDER) for name in package.namelist()]

    def read(self, name: str) -> bytes:
        with zipfile.ZipFile(io.BytesIO(self.data)) as package:
            return package.read(FOLDER + name)

    def text(self, name: str) -> str:
        return self.read(name).decode()

    def json(self, name: str) -> Any:
        return json.loads(self.read(name))


def built(*files: PackageFile, **changes: Any) -> Built:
    parts = replace(PackageParts(CASE, LETTER, files, software="test"), **changes)
    out = io.BytesIO()
    manifest = build(parts, out)
    return Built(out.getvalue(), manifest)


@cache
def the_world() -> World:
    return build_world()


def person(situation: str) -> Customer:
    return next(one for one in the_world().customers.values() if one.situation == situation)


def json_file(kind: FileKind, name: str, value: object, **more: Any) -> PackageFile:
    return file_of_bytes(kind, name, name.replace("-", " ").capitalize(), Media.JSON, shapes.json_bytes(value), **more)


def gift_cards(situation: str = "ordinary") -> PackageFile:
    world, customer = the_world(), person(situation)
    record = shapes.nested_record(world, customer, world.cards_of_customer[customer.id], customer.consent)
    return json_file(FileKind.GIFT_CARDS, "gift-cards", {"exportId": "e1", **record})


def loyalty(situation: str = "ordinary") -> PackageFile:
    world, customer = the_world(), person(situation)
    spent = [t for card in world.cards_of_customer[customer.id] for t in card.transactions if t.amount > 100]
    return json_file(
        FileKind.LOYALTY, "loyalty-1",
        {
            "customer": shapes.customer_record(customer),
            "loyalty": {"programId": "p1", "points": 140, "tier": "gold"},
            "activities": [
                {"activityId": t.id, "activityType": "points_earned", "at": shapes.instant(t.created_at),
                 "pointsChange": t.amount // 100}
                for t in spent
            ],
        },
    )  # fmt: skip


def looks(count: int = 12) -> PackageFile:
    items = [
        {"id": f"{number:024x}", "action": "pii_access", "resourceType": "gift_card_customer", "actorType": "user",
         "actorName": None, "ipAddress": None, "timestamp": f"2026-0{1 + number % 9}-11T10:0{number % 10}:00.000Z"}
        for number in range(count)
    ]  # fmt: skip
    return json_file(FileKind.ACCESSES, "accesses", {"items": items, "total": count, "page": 1})


def everything(situation: str = "ordinary") -> tuple[PackageFile, ...]:
    return gift_cards(situation), loyalty(situation), looks()


@pytest.fixture(scope="session")
def ordinary() -> Built:
    return built(*everything())
