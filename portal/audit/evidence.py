"""The evidence file: some entries of a chain with the proof that they stand in it, as JSON and as a page.

It holds facts, entries, hashes, one signed checkpoint, the keys' notes and one Merkle proof; never contents of an
export. JSON: ``{"evidence": {...}, "signature": note line}``, the signature over the canonical JSON of the
evidence and a line break. HTML: readable, with that JSON inside and a signature over all bytes before the last
line, so that the readable words are signed too. `tools/verify_audit.py` checks both without the portal.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.chain import canonical
from portal.audit.checking import bytes_of, columns_of, line_of, pages_of
from portal.audit.checkpoints import Checkpoint
from portal.audit.merkle import proof_for
from portal.audit.signing import SigningKeys
from portal.audit.words import act_words
from portal.storage.tables import AuditEntry

FORMAT = "privacy-portal-evidence-v1"
AT_ONCE = 500  # entries fetched by number in one statement
Json = dict[str, Any]


def chain_lines(session: Session, chain: str) -> Iterator[bytes]:
    """The chain as JSON lines, each entry as the very bytes that were hashed."""
    for page in pages_of(session, chain):
        yield b"".join(map(line_of, page))


def evidence_of(
    session: Session,
    point: Checkpoint,
    note: str,
    key_notes: Sequence[str],
    *,
    about: Json,
    facts: Sequence[Json],
    seqs: Collection[int],
    roles: Mapping[str, str],
    made_at: str,
) -> Json:
    """The document. `seqs` must be within the checkpoint; `roles` says which role an actor's id has."""
    wanted = sorted(seqs)
    leaves = [
        bytes.fromhex(value)
        for value in session.scalars(
            select(AuditEntry.entry_hash)
            .where(AuditEntry.merchant_id == point.chain, AuditEntry.seq <= point.size)
            .order_by(AuditEntry.seq)
            .execution_options(yield_per=10_000)
        )
    ]
    entries: list[Json] = []
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        for row in columns_of(session, point.chain, some):
            entries.append({"entry": json.loads(bytes_of(row)), "hash": row[10]})
    actors = {e["entry"]["actor"] for e in entries}
    return {
        "format": FORMAT,
        "made_at": made_at,
        "chain": point.chain,
        "about": about,
        "facts": list(facts),
        "roles": {actor: roles.get(actor, "") for actor in sorted(actors)},
        "entries": entries,
        "proof": [value.hex() for value in proof_for(leaves, {seq - 1 for seq in wanted})] if wanted else [],
        "checkpoint": note,
        "keys": list(key_notes),
    }


def as_json(evidence: Json, keys: SigningKeys) -> bytes:
    text = canonical(evidence).decode() + "\n"
    signature = keys.sign(text).rpartition("\n\n")[2].strip()
    return json.dumps({"evidence": evidence, "signature": signature}, ensure_ascii=False, indent=1).encode()


def as_html(evidence: Json, keys: SigningKeys) -> bytes:
    """One self-contained page: no script runs, nothing is loaded."""
    inside = as_json(evidence, keys).decode().replace("<", "\\u003c")
    entries = "".join(_entry_row(item, evidence["roles"]) for item in evidence["entries"])
    facts = "".join(_fact_table(fact) for fact in evidence["facts"])
    about = escape(", ".join(f"{k}: {v}" for k, v in evidence["about"].items()))
    size = evidence["checkpoint"].split("\n")[1]
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Evidence from the audit trail</title>{STYLE}</head><body><main>
<h1>Evidence from the audit trail</h1>
<p>About {about}. Made {escape(evidence["made_at"])}. Merchant's chain {escape(evidence["chain"])}, {size} entries
at the signed checkpoint below. The contents of an export are never part of this file.</p>
<p>To check it without the portal: <code>python verify_audit.py this-file.html</code></p>
<h2>Facts</h2>{facts or "<p>None.</p>"}
<h2>What happened</h2>
<table><thead><tr><th>No.</th><th>When (UTC)</th><th>Who</th><th>What</th><th>On</th><th>From</th><th>Result</th>
<th>Hash</th></tr></thead><tbody>{entries}</tbody></table>
<h2>Signed checkpoint</h2><pre>{escape(evidence["checkpoint"])}</pre>
</main><script type="application/json" id="evidence">{inside}</script></body></html>
"""
    return signed_page(page, keys)


def signed_page(page: str, keys: SigningKeys) -> bytes:
    """The page with a last line that signs everything before it."""
    signature = keys.sign(page).rpartition("\n\n")[2].strip()
    return f"{page}<!-- {signature} -->\n".encode()


STYLE = (
    "<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color:#1b2a2b;background:#fff}"
    "main{max-width:80rem;margin:auto}table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "th,td{border:1px solid #b7c4c4;padding:.3rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{background:#eef4f3}pre,code{background:#f3f6f6;padding:.1rem .3rem;overflow-wrap:anywhere;white-space:pre-wrap}"
    "</style>"
)


def _entry_row(item: Json, roles: Mapping[str, str]) -> str:
    entry = item["entry"]
    who = f"{entry['actor']} ({roles[entry['actor']]})" if roles.get(entry["actor"]) else entry["actor"]
    cells = (
        str(entry["seq"]), entry["at"][:19].replace("T", " "), who, act_words(entry["action"], entry["facts"]),
        entry["object"], entry["origin"], entry["result"], item["hash"],
    )  # fmt: skip
    return "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"


def _fact_table(fact: Json) -> str:
    rows = "".join(
        f"<tr><th>{escape(k.replace('_', ' '))}</th><td>{escape(str(v))}</td></tr>"
        for k, v in fact.items()
        if v not in (None, "")
    )
    return f"<table><tbody>{rows}</tbody></table>"
