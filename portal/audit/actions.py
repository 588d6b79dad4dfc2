"""Every act the trail knows, with the exact facts each may carry.

Names are permanent. Facts never hold personal data or contents: ids, counts, hashes, codes, times
(LAW-18). A fact outside the declared keys raises, so that nothing slips in.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Action:
    name: str
    facts: frozenset[str]


def _action(name: str, *facts: str) -> Action:
    return Action(name, frozenset(facts))


ACTIONS: dict[str, Action] = {
    a.name: a
    for a in (
        _action("merchant:create", "name"),
        _action("merchant:settings", "changed"),
        _action("merchant:remove", "files", "exports", "accounts"),
        _action("account:create", "role", "method"),
        _action("account:disable"),
        _action("account:enable"),
        _action("account:role", "role", "was"),
        _action("account:password"),
        _action("account:second_factor", "change"),
        _action("account:sign_on", "change"),
        _action("account:recovery_used", "left"),
        _action("account:import", "count"),
        _action("account:export", "count"),
        _action("session:start", "method", "second_factor"),
        _action("session:refused", "reason", "account", "wait_seconds"),
        _action("session:end", "reason"),
        _action("session:step_up", "method"),
        _action("gate:foreign_object", "route"),
        _action("access:refused", "act"),
        _action("command:run", "command"),
        _action("export:submit", "subject", "kind", "format", "program", "card", "repeat_of", "channel"),
        _action("export:duplicate", "of"),
        _action("export:unusual_volume", "count"),
        _action("export:state", "from", "to", "code", "attempt"),
        _action("export:release", "reason"),
        _action("export:mark_not_sent"),
        _action("export:keep", "state"),
        _action("export:view", "table"),
        _action("export:reveal", "what"),
        _action("export:search"),
        _action("export:download", "kind", "bytes", "sha256"),
        _action("export:handed_out", "kind", "bytes", "sha256"),
        _action("export:destroy", "reason"),
        _action("answer:sent", "number", "at", "channel", "copy", "sha256"),
        _action("answer:acknowledged", "number", "at"),
        _action("answer:extended", "number", "at", "reason", "until"),
        _action("answer:refused", "number", "at", "reason"),
        _action("answer:closed", "number", "at", "reason"),
        _action("answer:taken_back", "number", "at", "takes_back"),
        _action("export:list_download", "rows", "format"),
        _action("history:search", "subject"),
        _action("cards:search", "program", "found"),
        _action("api:test", "outcome"),
        _action("audit:verify", "holds", "sound", "place", "checkpoints"),
        _action("audit:export", "rows"),
        _action("audit:evidence", "about", "subject", "entries", "since", "until"),
        _action("audit:about_person", "subject", "exports"),
        _action("export:calendar_download", "rows"),
        _action("key:create", "key"),
        _action("key:rotate", "key"),
        _action("key:destroy", "keys", "index_keys"),
        _action("worker:takeover", "from"),
    )
}
