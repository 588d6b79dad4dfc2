"""The fields of LoyaltyDog's public schemas and of the files seen from it, by their name in small letters.

A name with a dot says where it stands: ``sender.name`` is not ``name``. Sources: the vendor's OpenAPI document
(GiftCardResponse, TransactionResponse, ConsentRecordResponse, AuditLogResponse) and the practice merchant's files.
"""

from __future__ import annotations

from collections.abc import Mapping

from portal.package.dictionary.kinds import Entry, Origin, Shape, Topic

_MOMENT, _MONEY, _NUMBER, _CODE, _YES_NO, _TEXT = (
    Shape.MOMENT, Shape.MONEY, Shape.NUMBER, Shape.CODE, Shape.YES_NO, Shape.TEXT,
)  # fmt: skip
_GIVEN, _OTHERS, _INTERNAL, _DERIVED = Origin.PROVIDED, Origin.OTHERS, Origin.INTERNAL, Origin.DERIVED

PERSON: Mapping[str, Entry] = {
    "name": Entry("Name", origin=_GIVEN),
    "email": Entry("Email address", origin=_GIVEN),
    "phone": Entry("Phone number", origin=_GIVEN),
    "locale": Entry("Language and country", origin=_GIVEN),
    "mergedfrom": Entry("Earlier customer numbers", origin=_INTERNAL),
    "previousemails": Entry("Earlier email addresses", origin=_GIVEN),
    "customerid": Entry("Customer number", meaning="The number under which the shop's system knows you."),
    "customeremail": Entry("Email address of the customer", origin=_GIVEN),
    "customerphone": Entry("Phone number of the customer", origin=_GIVEN),
    "customername": Entry("Name of the customer", origin=_GIVEN),
}
CARDS: Mapping[str, Entry] = {
    "cardnumber": Entry("Card number"),
    "lastfourdigits": Entry("Last four digits"),
    "balance": Entry("Balance", _MONEY, meaning="What is left on the card."),
    "cardbalance": Entry("Balance", _MONEY, meaning="What is left on the card."),
    "initialvalue": Entry("Value at first", _MONEY, meaning="What the card was loaded with when it was bought."),
    "status": Entry("Status", _CODE),
    "cardstatus": Entry("Status of the card", _CODE),
    "updatedat": Entry("Last changed on", _MOMENT),
    "activatedat": Entry("Activated on", _MOMENT),
    "expiresat": Entry("Valid until", _MOMENT),
    "suspendedreason": Entry("Why it was suspended", origin=_INTERNAL),
    "suspendeduntil": Entry("Suspended until", _MOMENT),
    "suspendedat": Entry("Suspended on", _MOMENT),
    "isphysical": Entry("Plastic card", _YES_NO, meaning="Yes for a card made of plastic, no for one on a phone."),
    "designtemplate": Entry("Design"),
    "custommessage": Entry("Message on the card", origin=_OTHERS),
    "card": Entry("Pass on the phone"),
    "card.serialnumber": Entry("Serial number of the pass", meaning="The number of the pass in a phone's wallet."),
    "card.passtypeidentifier": Entry("Kind of pass", origin=_INTERNAL),
    "card.url": Entry("Address of the pass"),
    "programid": Entry("Number of the program", origin=_INTERNAL),
    "programname": Entry("Program", meaning="The kind of card, as the shop names it."),
    "merchantid": Entry("Number of the shop", origin=_INTERNAL),
    "merchantname": Entry("Shop"),
    "deliverat": Entry("To be delivered on", _MOMENT),
    "delivered": Entry("Delivered", _YES_NO),
    "sender": Entry("Giver", origin=_OTHERS),
    "sendername": Entry("Giver", origin=_OTHERS),
    "senderemail": Entry("Email address of the giver", origin=_OTHERS),
    "sender.name": Entry("Name of the giver", origin=_OTHERS),
    "sender.email": Entry("Email address of the giver", origin=_OTHERS),
    "sender.phone": Entry("Phone number of the giver", origin=_OTHERS),
    "recipient": Entry("Receiver", origin=_OTHERS),
    "recipientname": Entry("Receiver", origin=_OTHERS),
    "recipientemail": Entry("Email address of the receiver", origin=_OTHERS),
    "recipient.name": Entry("Name of the receiver", origin=_OTHERS),
    "recipient.email": Entry("Email address of the receiver", origin=_OTHERS),
    "recipient.phone": Entry("Phone number of the receiver", origin=_OTHERS),
}
TRANSACTIONS: Mapping[str, Entry] = {
    "transactionid": Entry("Number of the transaction"),
    "transactiontype": Entry("What happened", _CODE),
    "amount": Entry("Amount", _MONEY),
    "balancebefore": Entry("Balance before", _MONEY),
    "balanceafter": Entry("Balance after", _MONEY),
    "createdat": Entry("Date", _MOMENT),
    "processedat": Entry("Booked on", _MOMENT),
    "referenceid": Entry("Reference", meaning="The number by which the shop finds this purchase."),
    "description": Entry("Note", origin=_INTERNAL),
    "postransactionid": Entry("Number at the till", meaning="The receipt's number in the till's own system."),
    "cashierid": Entry("Number of the employee", origin=_INTERNAL),
    "cashiername": Entry("Employee", origin=_INTERNAL),
    "terminalid": Entry("Till"),
    "cardid": Entry("Number of the card in the system"),
}
MEMBERSHIP: Mapping[str, Entry] = {
    "points": Entry("Points", _NUMBER, meaning="The points you have now."),
    "tier": Entry("Level", _CODE, _DERIVED, "The shop gives it for the points collected."),
    "activityid": Entry("Number of the activity"),
    "activitytype": Entry("What happened", _CODE),
    "at": Entry("Date", _MOMENT),
    "pointschange": Entry("Points you earned", _NUMBER, meaning="Below zero: points you spent."),
    "joinedat": Entry("Member since", _MOMENT),
}
CONSENTS: Mapping[str, Entry] = {
    "purpose": Entry("What you agreed to", _CODE, _GIVEN),
    "purposes": Entry("What you agreed to", _CODE, _GIVEN),
    "consenttype": Entry("What you were asked for", _CODE, _GIVEN),
    "granted": Entry("Agreed", _YES_NO, _GIVEN),
    "consentedat": Entry("Agreed on", _MOMENT),
    "recordedat": Entry("Recorded on", _MOMENT),
    "method": Entry("How you agreed", _CODE),
    "policyversion": Entry("Version of the privacy notice", origin=_INTERNAL),
    "ipaddress": Entry("Network address", meaning="The internet address of the device at that time."),
}
LOOKS: Mapping[str, Entry] = {
    "timestamp": Entry("Date", _MOMENT, _INTERNAL),
    "action": Entry("What was done", _CODE, _INTERNAL),
    "resourcetype": Entry("With which kind of record", _CODE, _INTERNAL),
    "resourceid": Entry("Number of the record", origin=_INTERNAL),
    "resourcename": Entry("Name of the record", origin=_INTERNAL),
    "actorid": Entry("Number of the user", origin=_INTERNAL),
    "actortype": Entry("Kind of user", _CODE, _INTERNAL),
    "actorname": Entry("Who did it", origin=_INTERNAL),
    "subjectid": Entry("About customer number", origin=_INTERNAL),
    "subjectname": Entry("About whom", origin=_INTERNAL),
    "useragent": Entry("Browser", origin=_INTERNAL),
    "requestid": Entry("Number of the call", origin=_INTERNAL),
    "details": Entry("Details", origin=_INTERNAL),
}
FILES: Mapping[str, Entry] = {
    "exportid": Entry("Number of this export", origin=_INTERNAL),
    "generatedat": Entry("File made on", _MOMENT, _INTERNAL),
    "total": Entry("Entries in all", _NUMBER, _INTERNAL),
    "page": Entry("Page", _NUMBER, _INTERNAL),
    "pages": Entry("Pages in all", _NUMBER, _INTERNAL),
    "limit": Entry("Entries on a page", _NUMBER, _INTERNAL),
}
PORTAL: Mapping[str, Entry] = {
    "request": Entry("Your request", origin=_INTERNAL),
    "received_on": Entry("Received on", _MOMENT, _INTERNAL),
    "request_received_on": Entry("Received on", _MOMENT, _INTERNAL),
    "came": Entry("How it came", origin=_INTERNAL),
    "asked_for": Entry("What you asked for", origin=_INTERNAL),
    "asked_on": Entry("Asked on", _MOMENT, _INTERNAL),
    "about": Entry("What it was about", origin=_INTERNAL),
    "kept_encrypted": Entry("Kept encrypted", origin=_INTERNAL),
    "kept_as_keyed_code": Entry(
        "Kept as a keyed code",
        origin=_INTERNAL,
        meaning="A code that cannot be turned back. It tells us that you asked before.",
    ),
    "you_were_recognised": Entry("How you were recognised", origin=_INTERNAL),
    "letters": Entry("Letters to you", origin=_INTERNAL),
    "notes_of_staff": Entry("Notes of the staff", _NUMBER, _INTERNAL),
    "rows_kept_as_fingerprints": Entry(
        "Rows kept as fingerprints", _NUMBER, _INTERNAL, "Without their contents, to tell later what changed."
    ),
    "answer_due_on": Entry("Answer due on", _MOMENT, _INTERNAL),
    "answer": Entry("Answer", origin=_INTERNAL),
    "answered_on": Entry("Answered on", _MOMENT, _INTERNAL),
    "now": Entry("How it stands", origin=_INTERNAL),
    "ended_on": Entry("Ended on", _MOMENT, _INTERNAL),
    "reference": Entry("Reference", origin=_INTERNAL),
    "file_fetched": Entry("File fetched on", _MOMENT, _INTERNAL),
    "file_bytes": Entry("Size of the file", _NUMBER, _INTERNAL),
    "file_destroyed": Entry("File destroyed on", _MOMENT, _INTERNAL),
    "file_destroyed_at_latest": Entry("File destroyed at the latest on", _MOMENT, _INTERNAL),
    "role": Entry("Role", origin=_INTERNAL),
    "made_on": Entry("Made on", _MOMENT, _INTERNAL),
    "last_sign_in": Entry("Last sign-in", _MOMENT, _INTERNAL),
    "disabled_on": Entry("Disabled on", _MOMENT, _INTERNAL),
    "person": Entry("About whom", origin=_INTERNAL),
    "controller": Entry("Shop", origin=_INTERNAL),
    "made_at": Entry("File made on", _MOMENT, _INTERNAL),
    "recipients": Entry("Who received it", origin=_INTERNAL),
    "scope": Entry("What this covers", origin=_INTERNAL),
    "when": Entry("Date", _MOMENT, _INTERNAL),
    "who": Entry("Who did it", origin=_INTERNAL),
    "by": Entry("Who did it", origin=_INTERNAL),
    "what": Entry("What was done", origin=_INTERNAL),
    "why": Entry("What for", origin=_INTERNAL),
}
FIELDS: Mapping[str, Entry] = {
    **PERSON, **CARDS, **TRANSACTIONS, **MEMBERSHIP, **CONSENTS, **LOOKS, **FILES, **PORTAL,
}  # fmt: skip
BY_TOPIC: Mapping[tuple[Topic, str], Entry] = {
    (Topic.WHO, "id"): Entry("Customer number", meaning="The number under which the shop's system knows you."),
    (Topic.WHO, "createdat"): Entry("Customer since", _MOMENT),
    (Topic.CARDS, "id"): Entry("Number of the card in the system"),
    (Topic.CARDS, "createdat"): Entry("Made on", _MOMENT),
    (Topic.HAPPENED, "id"): Entry("Number of the transaction"),
    (Topic.LOOKED, "id"): Entry("Number of the entry", origin=_INTERNAL),
    (Topic.PORTAL, "purpose"): Entry("What for", origin=_INTERNAL),
}
"""What a name means in one section only."""
MAIN: Mapping[Topic, tuple[str, ...]] = {
    Topic.WHO: ("name", "email", "phone", "id"),
    Topic.CARDS: ("cardnumber", "programname", "balance", "status", "expiresat"),
    Topic.HAPPENED: ("createdat", "transactiontype", "amount", "balanceafter", "description"),
    Topic.POINTS: ("at", "activitytype", "pointschange", "points", "tier"),
    Topic.CONSENTS: ("purpose", "consenttype", "granted", "consentedat", "recordedat", "method"),
    Topic.LOOKED: ("timestamp", "action", "actorname", "actortype"),
    Topic.PORTAL: ("when", "who", "what", "purpose", "request", "asked_on", "received_on", "asked_for", "now"),
    Topic.OTHER: (),
}
"""The columns that a table shows side by side; the others stand below each row."""
