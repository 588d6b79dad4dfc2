"""What the step Send calls ways, channels and states."""

from __future__ import annotations

from collections.abc import Mapping

from portal.delivery.kinds import CodeChannel, DeliveryState, DeliveryWay
from portal.delivery.mail.kinds import MailState
from portal.ui.common.badges import Badge
from portal.ui.common.words import later

WAY_WORDS: Mapping[DeliveryWay, str] = {
    DeliveryWay.LINK: later("Link by mail, code told apart"),
    DeliveryWay.SCREEN: later("On their phone, here"),
    DeliveryWay.PAPER: later("On paper"),
    DeliveryWay.ATTACHMENT: later("Encrypted file, by mail or on a stick"),
    DeliveryWay.ELSEWHERE: later("Another way"),
}
WAY_HELP: Mapping[DeliveryWay, str] = {
    DeliveryWay.LINK: later("The person opens the link and enters the code. The mail alone opens nothing."),
    DeliveryWay.SCREEN: later("The person stands here: they scan the link from this screen, you tell the code."),
    DeliveryWay.PAPER: later("Open the package as the person will, print it, give it in a closed envelope."),
    DeliveryWay.ATTACHMENT: later("Save the encrypted copy above, give it out, and tell the words by another way."),
    DeliveryWay.ELSEWHERE: later("Save the package above and give it out by a way that only the person can open."),
}
CHANNEL_WORDS: Mapping[CodeChannel, str] = {
    CodeChannel.PHONE: later("By phone, at the number you know"),
    CodeChannel.IN_PERSON: later("In person"),
    CodeChannel.POST: later("By post"),
    CodeChannel.SMS_BY_MERCHANT: later("By text message from your own phone"),
    CodeChannel.SECOND_EMAIL: later("By mail to a second address"),
    CodeChannel.SAME_MAILBOX: later("By mail to the same address, when they ask for it (weaker)"),
}
STATE_BADGES: Mapping[DeliveryState, Badge] = {
    DeliveryState.PREPARED: Badge(later("Code to be told"), ":material/pin:", "orange"),
    DeliveryState.CODE_TOLD: Badge(later("Code told"), ":material/pin:", "blue"),
    DeliveryState.SENT: Badge(later("Sent"), ":material/outgoing_mail:", "blue"),
    DeliveryState.OPENED: Badge(later("Opened"), ":material/lock_open:", "blue"),
    DeliveryState.COMPLETED: Badge(later("Fetched"), ":material/download_done:", "green"),
    DeliveryState.CLOSED: Badge(later("Fetched, link closed"), ":material/check_circle:", "green"),
    DeliveryState.EXPIRED: Badge(later("Time is over"), ":material/timer_off:", "orange"),
    DeliveryState.REVOKED: Badge(later("Taken back"), ":material/undo:", "gray"),
    DeliveryState.LOCKED: Badge(later("Locked"), ":material/lock:", "red"),
}
HANDED_BADGE = Badge(later("Handed over"), ":material/handshake:", "green")
"""A way without a link."""
MAIL_WORDS: Mapping[MailState, str] = {
    MailState.QUEUED: later("The mail waits to be sent."),
    MailState.SENDING: later("The mail is being sent."),
    MailState.ACCEPTED: later("The mail server has the mail."),
    MailState.DEFERRED: later("The mail server asked to wait; it is tried again."),
    MailState.REFUSED: later("The mail server refused the mail."),
    MailState.UNKNOWN: later("The mail server did not answer; it is tried again."),
    MailState.BOUNCED: later("The mail came back."),
}
