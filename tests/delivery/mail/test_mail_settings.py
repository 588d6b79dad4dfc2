"""A manager says whose name the mails carry and where answers go; nobody's words speak for another merchant."""

from __future__ import annotations

from typing import Any

import pytest

from portal.delivery.mail.contents import TestMail
from portal.delivery.mail.kinds import MailState
from portal.errors import InputError, NotPermitted
from tests.delivery.mail.mail_server import MailServer

pytestmark = pytest.mark.keeps("MAIL-10")


@pytest.fixture(autouse=True)
def as_it_was(sent: Any) -> Any:
    yield
    for merchant in ("one", "two"):
        sent.desk.portal.mail_settings.save(sent.desk.user("maya", merchant), display_name="", reply_to="")


def save(sent: Any, name: str, reply_to: str, merchant: str = "one") -> None:
    sent.desk.portal.mail_settings.save(sent.desk.user("maya", merchant), display_name=name, reply_to=reply_to)


def test_what_letters_say_stands_in_until_something_is_saved(sent: Any) -> None:
    shown = sent.desk.portal.mail_settings.show(sent.desk.user("maya"))
    assert (shown.ready, shown.mail_from) == (True, "privacy@portal.example")
    assert (shown.display_name, shown.reply_to) == ("Brook & Bean Coffee", "privacy@brookandbean.example.com")
    assert (shown.saved_name, shown.saved_reply_to) == ("", "")


def test_a_saved_sender_is_in_the_mails_of_its_merchant_alone(sent: Any, relay: MailServer) -> None:
    save(sent, "Bücher & Bohnen", "answers@shop.example")
    sent.send(TestMail(), merchant="one")
    sent.send(TestMail(), merchant="two", to="ben@example.com")
    own, other = relay.messages()
    assert (own["From"].addresses[0].display_name, str(own["Reply-To"])) == ("Bücher & Bohnen", "answers@shop.example")
    assert "Bohnen" not in str(other) and "answers@shop.example" not in str(other)
    assert {one["From"].addresses[0].addr_spec for one in (own, other)} == {"privacy@portal.example"}


@pytest.mark.parametrize(
    "name",
    ["Shop <eve@example.com>", "eve@example.com", "see http://eve.example", "www.eve.example", 'a"b', "x" * 81],
)
def test_a_name_that_passes_for_an_address_is_refused(sent: Any, name: str) -> None:
    with pytest.raises(InputError) as refused:
        save(sent, name, "")
    assert refused.value.field == "display_name"


@pytest.mark.parametrize("reply_to", ["nobody", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example"])
def test_answers_go_to_one_address(sent: Any, reply_to: str) -> None:
    with pytest.raises(InputError) as refused:
        save(sent, "", reply_to)
    assert refused.value.field == "reply_to"


@pytest.mark.parametrize("who", ["sam", "iris"])
def test_only_a_manager_sees_and_changes_it(sent: Any, who: str) -> None:
    user = sent.desk.user(who)
    for act in (
        lambda: sent.desk.portal.mail_settings.show(user),
        lambda: sent.desk.portal.mail_settings.save(user, display_name="x", reply_to=""),
        lambda: sent.desk.portal.mail_settings.send_test(user, "a@example.com"),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_a_test_mail_says_what_became_of_it(sent: Any, relay: MailServer) -> None:
    settings, maya = sent.desk.portal.mail_settings, sent.desk.user("maya")
    mail_id = settings.send_test(maya, "maya@example.com", language="de")
    sent.wait_for(lambda: settings.state_of(maya, mail_id) == MailState.ACCEPTED, "the test mail")
    assert settings.state_of(sent.desk.user("maya", "two"), mail_id) == ""
    assert relay.got[0].message["Subject"] == "Test-E-Mail des Datenschutzportals"
