"""Whose record: LoyaltyDog's filter is never trusted, and what merely looks alike is somebody else (ANS-2)."""

from __future__ import annotations

import pytest

from portal.sources.matching import KnownPerson, Match, same_email, same_phone

EMAILS = [
    ("ada@example.com", "ada@example.com", True),
    ("ada@example.com", "ADA@EXAMPLE.COM", True),
    ("ada@example.com", "  ada@example.com\n", True),
    ("rémi@example.com", "re\u0301mi@example.com", True),
    ("RÉMI@example.com", "rémi@example.com", True),
    ("ada@müller.example", "ada@xn--mller-kva.example", True),
    ("ada@example.com", "ada@example.com.", True),
    ("ада@example.com", "АДА@example.com", True),
    ("σοφία@example.com", "ΣΟΦΊΑ@example.com", True),
    ("ada\u200b@example.com", "ada@example.com", True),
    ("a.b@gmail.com", "ab@gmail.com", False),
    ("ada+shop@example.com", "ada@example.com", False),
    ("ada@example.com", "ada@example.org", False),
    ("ada@example.com", "ida@example.com", False),
    ("ada@example.com", "ada@mail.example.com", False),
    ("ada@example.com", "xada@example.com", False),
    ("ada@example.com", "ada@example.co", False),
    ("straße@example.com", "strasse@example.com", False),
    ("ada@example.com", "аda@example.com", False),
    ("ada@example.com", "ada at example.com", False),
    ("ada", "ada", False),
    ("", "", False),
    ("ada@example.com", None, False),
]
PHONES = [
    ("+44 20 7946 0958", "+442079460958", True),
    ("+44 20 7946 0958", "0044 (0)20-7946-0958".replace("(0)", ""), True),
    ("+44 20 7946 0958", "+44 (0)20 7946 0958", True),
    ("0044 20 7946 0958", "+44 (0) 20 7946 0958", True),
    ("+49 30 901820", "0049/30/90 18 20", True),
    ("+49 30 901820", "＋４９ ３０ ９０１８２０", True),
    ("+49 30 901820", "+٤٩ ٣٠ ٩٠١٨٢٠", True),
    ("030 901820", "030-90 18 20", True),
    ("030 901820", "30 901820", False),
    ("030 901820", "+49 30 901820", False),
    ("(0)30 901820", "30 901820", False),
    ("+39 06 6982", "+39 6 6982", False),
    ("+1 202-555-0147", "1 (202) 555.0147", True),
    ("+44 20 7946 0958", "+44 20 7946 0959", False),
    ("+44 20 7946 0958", "020 7946 0958", False),
    ("12345", "12345", False),
    ("", "", False),
    ("+44 20 7946 0958", None, False),
]
IN_A_COUNTRY = [
    ("GB", "+44 20 7946 0958", "020 7946 0958", True),
    ("GB", "0044 20 7946 0958", "(020) 7946-0958", True),
    ("GB", "+44 20 7946 0958", "442079460958", True),
    ("GB", "+44 7700 900123", "07700 900123", True),
    ("GB", "+44 20 7946 0958", "020 7946 0959", False),
    ("GB", "+49 30 901820", "030 901820", False),
    ("GB", "020 7946 0958", "020 7946 0958 ext. 5", False),
    ("DE", "+49 30 901820", "030 / 90 18 20", True),
    ("DE", "+44 20 7946 0958", "442079460958", True),
    ("DE", "+44 20 7946 0958", "020 7946 0958", False),
    ("DE", "+49 30 901820", "+4930901820", True),
    ("IT", "+39 06 6982 1234", "06 6982 1234", True),
    ("IT", "+39 06 6982 1234", "6 6982 1234", False),
    ("ES", "+34 612 345 678", "612 34 56 78", True),
    ("US", "+1 202-555-0147", "(202) 555-0147", True),
    ("US", "+44 20 7946 0958", "442079460958", True),
    ("FR", "+33 6 12 34 56 78", "06.12.34.56.78", True),
    ("GB", "12345", "12345", False),
    ("GB", "no number", "no number", False),
]
PERSON = KnownPerson(("ada@example.com",), ("+44 20 7946 0958",), ("c-1",))


@pytest.mark.parametrize(("one", "other", "same"), EMAILS)
def test_emails_are_compared_by_the_portals_one_form(one: str, other: str | None, same: bool) -> None:
    assert same_email(one, other) is same
    assert same_email(other, one) is same


@pytest.mark.parametrize(("one", "other", "same"), PHONES)
def test_phones_are_compared_by_their_digits(one: str, other: str | None, same: bool) -> None:
    assert same_phone(one, other) is same
    assert same_phone(other, one) is same


def test_phones_in_national_form_are_those_of_the_merchants_country() -> None:
    for country, one, other, same in IN_A_COUNTRY:
        assert same_phone(one, other, country) is same, (country, one, other)
        assert same_phone(other, one, country) is same, (country, other, one)


@pytest.mark.parametrize(
    ("customer_id", "email", "phone", "match"),
    [
        ("c-9", "ADA@example.com", None, Match.THEIRS),
        ("c-9", "ada@example.com", "+44 20 7946 0000", Match.THEIRS),
        ("c-1", "old@example.com", None, Match.THEIRS),
        ("C-1", "old@example.com", None, Match.OTHER),
        ("c-9", "old@example.com", "+442079460958", Match.DOUBTFUL),
        ("c-9", None, "+442079460958", Match.THEIRS),
        ("c-9", " ", "+442079460958", Match.THEIRS),
        ("c-9", "a.da@example.com", None, Match.OTHER),
        ("c-9", None, None, Match.OTHER),
    ],
)
def test_an_email_or_id_proves_and_a_phone_only_where_no_email_contradicts_it(
    customer_id: str, email: str | None, phone: str | None, match: Match
) -> None:
    assert PERSON.match(customer_id=customer_id, email=email, phone=phone) is match


def test_a_person_known_by_phone_alone_is_found_by_it() -> None:
    person = KnownPerson(phones=("+44 20 7946 0958",))
    assert person.match(customer_id="c-9", email="any@example.com", phone="+442079460958") is Match.THEIRS
