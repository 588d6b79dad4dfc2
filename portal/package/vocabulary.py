"""Terms of the Data Privacy Vocabulary (DPV 2, W3C Community Group; no standard) for our codes, as a fixed table. Each
was looked up in the vocabulary's own tables of 2.0 (`status.csv`, `rights.csv`, and the GDPR's `rights.csv`).

They let a program that knows the vocabulary read the manifest as JSON-LD; nobody has to. DPV has no term for an answer
in part: it is a fulfilled request with a list of what was withheld.
"""

from __future__ import annotations

from collections.abc import Mapping

from portal.package.parts import Outcome, Variant

CONTEXT: Mapping[str, str] = {"dpv": "https://w3id.org/dpv#", "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#"}
RIGHTS: Mapping[Variant, str] = {Variant.ACCESS: "eu-gdpr:A15", Variant.PORTABILITY: "eu-gdpr:A20"}
STATUS: Mapping[Outcome, str] = {
    Outcome.YES: "dpv:RequestFulfilled",
    Outcome.PARTLY: "dpv:RequestFulfilled",
    Outcome.NOTHING: "dpv:RequestFulfilled",
    Outcome.REFUSED: "dpv:RequestRejected",
    Outcome.NOT_IDENTIFIED: "dpv:RequestUnfulfilled",
}
