"""A column called `customer` that holds names does not hide the plain email beside it."""

from __future__ import annotations

import pytest

from portal.preview import AskedPerson, inspect, read

ASKED = AskedPerson(email="mara.quist@example.org", customer_id=None)
HEADS = ["customer,email", "client,email", "member,email", "cliente,correo", "klant,email", "client,e-mail"]


def verdict(text: str) -> str:
    return inspect(read(text.encode(), "csv"), ASKED).verdict


@pytest.mark.parametrize("head", HEADS)
def test_a_name_beside_the_asked_email_is_one_person(head: str) -> None:
    assert verdict(f"{head},note\nMara Quist,mara.quist@example.org,hello\n") == "one_person"


@pytest.mark.parametrize("head", HEADS)
def test_a_stranger_among_names_and_emails_is_seen(head: str) -> None:
    mine, other = "Mara,mara.quist@example.org", "Otto,otto.vance@example.net"
    assert verdict(f"{head}\n{mine}\n{other}\n") == "other_person"
    assert verdict(f"{head}\n{other}\n") == "other_person"


def test_ids_under_the_same_word_still_name_owners() -> None:
    mine, other = "C12,mara.quist@example.org", "C99,otto.vance@example.net"
    assert verdict(f"customer,email\n{mine}\n{other}\n") == "other_person"
    names = "".join(f"Mara,mara.quist@example.org,{n}\n" for n in range(300))
    assert verdict(f"customer,email,n\n{names}C99,otto.vance@example.net,1\n") == "other_person"
