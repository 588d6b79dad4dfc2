"""Help: common questions with short answers; opens at the question in the address."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from portal.ui.account.session import current_user
from portal.ui.common.words import _
from portal.ui.help import drawings
from portal.ui.help.help_places import QUESTIONS, chosen_question

current_user()


def say(*paragraphs: str) -> None:
    for words in paragraphs:
        st.markdown(words)


def purpose() -> None:
    say(
        _(
            "A customer may ask your shop for a copy of the data you hold on them. This portal gets the part that "
            "lies in LoyaltyDog's gift cards: it asks LoyaltyDog once, fetches the file, seals it and shows it to you "
            "before anybody sends it."
        ),
        _(
            "It is not the whole answer. Till receipts, newsletters and other systems are yours to add, and so is the "
            "letter. By law the answer is due within a month of the day the request reached your shop."
        ),
    )


def identity() -> None:
    say(
        _(
            "The portal checks whose data is in the file. It cannot check who is asking: that is your part, before "
            "you press **Request export**."
        ),
        _(
            "Good signs: they write from the address they used in your shop, or they are signed in to their account "
            "with you. In doubt, send a short question to the address you already have, not to the one the request "
            "came from. Ask for no more than you need, and do not ask for a copy of a passport."
        ),
        _("Write your ticket's number into **Reference**, so that how you checked can be found again."),
    )


def which() -> None:
    say(
        _(
            "Enter the **email** when the customer gave one: the one they used for their gift card. Paste the whole "
            "message if you like: the portal finds the address in it."
        ),
        _(
            "Enter the **customer ID** when your shop's system shows one, or when the email finds nothing or the wrong "
            "person. Never guess. The portal asks about one person at a time, and never about everybody."
        ),
    )
    st.caption(_("On lists a customer is masked. Whoever may open the data can press Show:"))
    drawings.show(
        drawings.masked_svg(drawings.ink()),
        _("A masked address, a•••@example.com, becomes ada@example.com after Show, which is written down."),
    )


def states() -> None:
    say(
        _(
            "**Asking**, **Fetching** and **Checking** go on by themselves; you may leave the page. **Ready** means "
            "the file is here and speaks of one person. What waits for you is at the top of **Today**."
        )
    )
    drawings.show(
        drawings.states_svg(drawings.ink()),
        _(
            "From asking to fetching, checking, ready, expired and destroyed. Asking may end in waiting, which goes on "
            "by itself, or in refused or unknown, which are your turn. Fetching may fail: your turn. Checking may need "
            "a manager: a manager's turn."
        ),
    )


def expiry() -> None:
    say(
        _(
            "LoyaltyDog's **link** to the file works for a limited time only; **Expires** counts it down. The portal "
            "fetches the file at once, so an expired link loses nothing that is already here."
        ),
        _(
            "The sealed **copy** here is kept for the days set in Settings (seven, unless changed), then it is "
            "destroyed. Send the data before that day, or press **Ask again** for a fresh file. Facts without contents "
            "stay in **Past exports**: who asked, when, and how it ended."
        ),
    )
    drawings.show(
        drawings.expiry_svg(drawings.ink()),
        _("A short bar: the link works, then it is expired. A longer bar: the sealed copy is kept, then destroyed."),
    )


def checks() -> None:
    say(
        _(
            "Before a file is shown as ready, the portal reads it and asks: is it in the format you asked for, is it "
            "whole, and does every record belong to the customer who asked?"
        ),
        _(
            "If a record has another person's email or customer ID, or the file is cut off or is something else, it "
            "stops at **Needs a manager**. A manager looks at the data, then releases it with a reason or destroys it. "
            "Sending one customer's data to another is the mistake that cannot be undone."
        ),
        _(
            "Marks in the tables point to other people who are mentioned, for instance whoever received a gift card. "
            "Weigh whether their details may go out with the rest."
        ),
    )


def sending() -> None:
    say(
        _(
            "Look at the preview first. Then download the original: it is byte for byte what LoyaltyDog sent. The "
            "spreadsheet is easier to read and says that it was made from the original."
        ),
        _(
            "Send it a way only that customer can open: inside their account with you, or as an encrypted archive "
            "whose password you tell them another way, by phone for instance. Type the address once more instead of "
            "picking it from a list. Never paste the data into a message."
        ),
        _("When it is sent, delete the downloaded file from your computer. The portal keeps its sealed copy."),
    )


def answer() -> None:
    say(
        _(
            "A month after the day the request reached your shop: on the same date of the next month, or on that "
            "month's last day. **Past exports** shows the day and finds what is due or overdue."
        ),
        _(
            "When it is sent, open the export and unfold **How was this answered?** Say how and when it went out. The "
            "portal keeps the SHA-256 of the copy, so that you can show later what was sent, also when the file is "
            "destroyed by then."
        ),
        _(
            "A month is not enough, for the request is complex or this customer made many? Tell the customer within "
            "that month, then record it: three months in all at most. A refusal, too, must reach the customer within "
            "the month, with its reason."
        ),
        _(
            "**Ask again** belongs to the same request and keeps its day; a new request of the same customer starts at "
            "**New export**. What was recorded by mistake is taken back, never deleted."
        ),
    )


def trouble() -> None:
    say(
        _(
            "**Unknown**: the question was sent and no answer came. LoyaltyDog may have made the export or not, so "
            "nothing is repeated by itself. Look in LoyaltyDog, then **Ask again** or **Close, it did not arrive**."
        ),
        _(
            "**Refused**: LoyaltyDog said no, and the page says why. **Change the request** brings the form back as "
            "you had filled it in. If it is about the token or rights, a manager must look at Settings."
        ),
        _("**Failed**: no file could be fetched. **Fetch again** works while the link lives; otherwise **Ask again**."),
        _("Asking LoyaltyDog's support? Copy the **request ID** from the export's page; it names no customer."),
    )


def erasure() -> None:
    say(
        _(
            "The portal gets copies. It erases nothing: **Destroy file** destroys only the copy that lies here, and "
            "erasing gift card data is done at LoyaltyDog."
        ),
        _(
            "Pass the wish on to whoever is responsible for privacy in your shop, on the day it arrives: it has the "
            "same month to be answered. Some data must stay for a while, for taxes for instance. If the customer wants "
            "both, finish the copy first."
        ),
    )


def trail() -> None:
    say(
        _(
            "Asking, opening, showing what is masked, downloading, releasing and destroying are written into the audit "
            "trail with your name, the time and where you came from. Within a minute each entry is signed, so that a "
            "later change is found, even one by a manager."
        ),
        _(
            "Managers and auditors of your own shop read it. It holds no customer's data. Under each preview, "
            "**Timeline** shows what happened to that one export."
        ),
    )


def roles() -> None:
    say(
        _("**Agents** ask for exports, open them and download them."),
        _(
            "**Managers** may do that too, and release or destroy files, look after accounts and settings, and read "
            "the audit trail."
        ),
        _("**Auditors** see the list of exports and the audit trail, and never the contents of a file."),
    )


def connection() -> None:
    say(
        _(
            "By the address and the token in Settings. **Test connection** says whether LoyaltyDog answers and what "
            "the token may see. The token is written once and never shown again."
        ),
        _(
            "Files are fetched from LoyaltyDog's own host and the hosts listed there, from nowhere else. If a file is "
            "refused because its host is not listed, ask LoyaltyDog whether that host is theirs before you add it."
        ),
    )


ANSWERS: dict[str, Callable[[], None]] = {
    "purpose": purpose, "identity": identity, "which": which, "states": states, "expiry": expiry, "checks": checks,
    "sending": sending, "answer": answer, "trouble": trouble, "erasure": erasure, "trail": trail, "roles": roles,
    "connection": connection,
}  # fmt: skip

st.title(_("Help"))
st.caption(_("What somebody new here asks, answered in a few sentences."))
asked = chosen_question()
for question, words in QUESTIONS.items():
    with st.expander(_(words), expanded=question == (asked or "purpose"), key=f"help-{question}"):
        ANSWERS[question]()
