"""Every act the trail knows, with the exact facts each may carry.

Names are permanent. Facts never hold personal data or contents: ids, counts, hashes, codes, times
(LAW-18). A fact outside the declared keys raises, so that nothing slips in.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Act(StrEnum):
    MERCHANT_CREATE = "merchant:create"
    MERCHANT_SETTINGS = "merchant:settings"
    MERCHANT_REMOVE = "merchant:remove"
    ACCOUNT_CREATE = "account:create"
    ACCOUNT_DISABLE = "account:disable"
    ACCOUNT_ENABLE = "account:enable"
    ACCOUNT_ROLE = "account:role"
    ACCOUNT_PASSWORD = "account:password"  # noqa: S105
    ACCOUNT_SECOND_FACTOR = "account:second_factor"
    ACCOUNT_SIGN_ON = "account:sign_on"
    ACCOUNT_RECOVERY_USED = "account:recovery_used"
    ACCOUNT_IMPORT = "account:import"
    ACCOUNT_EXPORT = "account:export"
    SESSION_START = "session:start"
    SESSION_REFUSED = "session:refused"
    SESSION_END = "session:end"
    SESSION_STEP_UP = "session:step_up"
    SESSION_STEP_UP_REFUSED = "session:step_up_refused"
    ACT_REFUSED = "act:refused"
    GATE_REFUSED = "gate:refused"
    GATE_FOREIGN_OBJECT = "gate:foreign_object"
    ACCESS_REFUSED = "access:refused"
    COMMAND_RUN = "command:run"
    EXPORT_SUBMIT = "export:submit"
    EXPORT_DUPLICATE = "export:duplicate"
    EXPORT_UNUSUAL_VOLUME = "export:unusual_volume"
    EXPORT_STATE = "export:state"
    EXPORT_RELEASE = "export:release"
    EXPORT_MARK_NOT_SENT = "export:mark_not_sent"
    EXPORT_KEEP = "export:keep"
    EXPORT_VIEW = "export:view"
    EXPORT_REVEAL = "export:reveal"
    EXPORT_SEARCH = "export:search"
    EXPORT_DOWNLOAD = "export:download"
    EXPORT_HANDED_OUT = "export:handed_out"
    EXPORT_DESTROY = "export:destroy"
    REVIEW_DECIDE = "review:decide"
    REVIEW_UNDO = "review:undo"
    REVIEW_APPROVE = "review:approve"
    REVIEW_SAME_TEXT = "review:same_text"
    REVIEW_RULES = "review:rules"
    REVIEW_CHECK = "review:check"
    REVIEW_VIEW = "review:view"
    LETTERS_PROFILE = "letters:profile"
    REVIEW_LIST = "review:list"
    CARDS_ASK = "cards:ask"
    CARDS_ALLOW = "cards:allow"
    CARDS_REFUSE = "cards:refuse"
    ANSWER_SENT = "answer:sent"
    ANSWER_ACKNOWLEDGED = "answer:acknowledged"
    ANSWER_EXTENDED = "answer:extended"
    ANSWER_REFUSED = "answer:refused"
    ANSWER_CLOSED = "answer:closed"
    ANSWER_TAKEN_BACK = "answer:taken_back"
    CASE_OPEN = "case:open"
    CASE_FOLLOW_UP = "case:follow_up"
    CASE_STATE = "case:state"
    CASE_NOTE = "case:note"
    CASE_ASSIGN = "case:assign"
    CASE_HAND_OVER = "case:hand_over"
    CASE_IDENTITY = "case:identity"
    IDENTITY_CODE_MAILED = "identity:code_mailed"
    IDENTITY_CODE_WRONG = "identity:code_wrong"
    IDENTITY_QUESTIONS_ASKED = "identity:questions_asked"
    IDENTITY_ANSWERS_WRONG = "identity:answers_wrong"
    DOOR_SETTINGS = "door:settings"
    DOOR_ASK = "door:ask"
    DOOR_CODE_MAILED = "door:code_mailed"
    DOOR_WRONG_CODE = "door:wrong_code"
    DOOR_PROVED = "door:proved"
    DOOR_OPENED = "door:opened"
    DOOR_LAPSED = "door:lapsed"
    MESSAGE_WRITE = "message:write"
    MESSAGE_READ = "message:read"
    IDENTITY_FILES_DUE = "identity:files_due"
    AGENT_RECORD = "agent:record"
    AGENT_END = "agent:end"
    CASE_ACKNOWLEDGE = "case:acknowledge"
    CASE_EXTEND = "case:extend"
    CASE_PAUSE = "case:pause"
    CASE_RESUME = "case:resume"
    CASE_REFUSE = "case:refuse"
    CASE_NOT_IDENTIFIED = "case:not_identified"
    CASE_CLOSE = "case:close"
    CASE_NOTHING_HELD = "case:nothing_held"
    CASE_TAKE_BACK = "case:take_back"
    CASE_REVEAL = "case:reveal"
    CASE_SEARCH = "case:search"
    SOURCE_COLLECT = "source:collect"
    SOURCE_STATE = "source:state"
    SOURCE_DESTROY = "source:destroy"
    SYSTEM_ADD = "system:add"
    SYSTEM_RENAME = "system:rename"
    SYSTEM_RETIRE = "system:retire"
    SYSTEM_BRING_BACK = "system:bring_back"
    SYSTEM_ATTACH = "system:attach"
    SYSTEM_REMOVE = "system:remove"
    SYSTEM_ATTEST = "system:attest"
    SYSTEM_TAKE_BACK = "system:take_back"
    SYSTEM_VIEW = "system:view"
    SYSTEM_DOWNLOAD = "system:download"
    SYSTEM_DESTROY = "system:destroy"
    PACKAGE_BUILD = "package:build"
    PACKAGE_APPROVE = "package:approve"
    PACKAGE_VIEW = "package:view"
    PACKAGE_DOWNLOAD = "package:download"
    PACKAGE_ENCRYPT = "package:encrypt"
    PACKAGE_DESTROY = "package:destroy"
    DELIVERY_PREPARE = "delivery:prepare"
    DELIVERY_REVEAL = "delivery:reveal"
    DELIVERY_CONFIRM_ADDRESS = "delivery:confirm_address"
    DELIVERY_CODE_TOLD = "delivery:code_told"
    DELIVERY_SEND = "delivery:send"
    DELIVERY_ACCEPTED = "delivery:accepted"
    DELIVERY_BOUNCED = "delivery:bounced"
    DELIVERY_NEW_CODE = "delivery:new_code"
    DELIVERY_NEW_LINK = "delivery:new_link"
    DELIVERY_TAKE_BACK = "delivery:take_back"
    DELIVERY_RECORD = "delivery:record"
    DELIVERY_OPENED = "delivery:opened"
    DELIVERY_WRONG_CODE = "delivery:wrong_code"
    DELIVERY_LOCKED = "delivery:locked"
    DELIVERY_CODE_MAILED = "delivery:code_mailed"
    DELIVERY_FETCH = "delivery:fetch"
    DELIVERY_FETCHED = "delivery:fetched"
    DELIVERY_NOT_THEIRS = "delivery:not_theirs"
    DELIVERY_REMIND = "delivery:remind"
    DELIVERY_EXPIRED = "delivery:expired"
    DELIVERY_CLOSED = "delivery:closed"
    BREACH_OPEN = "breach:open"
    BREACH_SETTLE = "breach:settle"
    MAIL_QUEUE = "mail:queue"
    MAIL_STATE = "mail:state"
    MAIL_SENDER = "mail:sender"
    FINGERPRINTS_KEEP = "fingerprints:keep"
    FINGERPRINTS_DESTROY = "fingerprints:destroy"
    MATCH_COMPARE = "match:compare"
    MATCH_DECIDE = "match:decide"
    MATCH_TAKE_BACK = "match:take_back"
    CALENDAR_ADDRESS = "calendar:address"
    CALENDAR_REVOKE = "calendar:revoke"
    CASE_REDATE = "case:redate"
    CASE_LANGUAGE = "case:language"
    CASE_RETENTION = "case:retention"
    CASE_FACTS_DESTROY = "case:facts_destroy"
    CLOCK_RULES = "clock:rules"
    CLOCK_DAY_ADD = "clock:day_add"
    CLOCK_DAY_STRIKE = "clock:day_strike"
    CLOCK_DAY_WITHDRAW = "clock:day_withdraw"
    EXPORT_LIST_DOWNLOAD = "export:list_download"
    HISTORY_SEARCH = "history:search"
    CARDS_SEARCH = "cards:search"
    LOOKUP_CHOOSE = "lookup:choose"
    LOOKUP_CASE = "lookup:case"
    API_TEST = "api:test"
    AUDIT_VERIFY = "audit:verify"
    AUDIT_ACKNOWLEDGE = "audit:acknowledge"
    AUDIT_EXPORT = "audit:export"
    AUDIT_EVIDENCE = "audit:evidence"
    AUDIT_ABOUT_PERSON = "audit:about_person"
    EXPORT_CALENDAR_DOWNLOAD = "export:calendar_download"
    KEY_CREATE = "key:create"
    KEY_ROTATE = "key:rotate"
    KEY_DESTROY = "key:destroy"
    WORKER_TAKEOVER = "worker:takeover"


def _facts(*names: str) -> frozenset[str]:
    return frozenset(names)


ACTIONS: Mapping[Act, frozenset[str]] = {
    Act.MERCHANT_CREATE: _facts("name"),
    Act.MERCHANT_SETTINGS: _facts("changed"),
    Act.MERCHANT_REMOVE: _facts("files", "exports", "accounts"),
    Act.ACCOUNT_CREATE: _facts("role", "method"),
    Act.ACCOUNT_DISABLE: _facts(),
    Act.ACCOUNT_ENABLE: _facts(),
    Act.ACCOUNT_ROLE: _facts("role", "was"),
    Act.ACCOUNT_PASSWORD: _facts(),
    Act.ACCOUNT_SECOND_FACTOR: _facts("change"),
    Act.ACCOUNT_SIGN_ON: _facts("change"),
    Act.ACCOUNT_RECOVERY_USED: _facts("left"),
    Act.ACCOUNT_IMPORT: _facts("count"),
    Act.ACCOUNT_EXPORT: _facts("count"),
    Act.SESSION_START: _facts("method", "second_factor"),
    Act.SESSION_REFUSED: _facts("reason", "account", "wait_seconds"),
    Act.SESSION_END: _facts("reason"),
    Act.SESSION_STEP_UP: _facts("method"),
    Act.SESSION_STEP_UP_REFUSED: _facts("reason"),
    Act.ACT_REFUSED: _facts("act", "reason", "times"),
    Act.GATE_REFUSED: _facts("place", "status", "times"),
    Act.GATE_FOREIGN_OBJECT: _facts("route"),
    Act.ACCESS_REFUSED: _facts("act"),
    Act.COMMAND_RUN: _facts("command"),
    Act.EXPORT_SUBMIT: _facts("subject", "kind", "format", "program", "card", "repeat_of", "channel", "case"),
    Act.EXPORT_DUPLICATE: _facts("of"),
    Act.EXPORT_UNUSUAL_VOLUME: _facts("count"),
    Act.EXPORT_STATE: _facts("from", "to", "code", "attempt"),
    Act.EXPORT_RELEASE: _facts("reason"),
    Act.EXPORT_MARK_NOT_SENT: _facts(),
    Act.EXPORT_KEEP: _facts("state"),
    Act.EXPORT_VIEW: _facts("table"),
    Act.EXPORT_REVEAL: _facts("what"),
    Act.EXPORT_SEARCH: _facts(),
    Act.EXPORT_DOWNLOAD: _facts("kind", "bytes", "sha256", "cards"),
    Act.EXPORT_HANDED_OUT: _facts("kind", "bytes", "sha256", "cards"),
    Act.EXPORT_DESTROY: _facts("reason"),
    Act.REVIEW_DECIDE: _facts(
        "number", "scope", "choice", "grain", "reason", "how", "places", "second", "sha256", "of", "file", "replaced_by"
    ),
    Act.REVIEW_UNDO: _facts("number", "by_number", "of", "file"),
    Act.REVIEW_APPROVE: _facts("decisions", "why", "sha256", "of", "file"),
    Act.REVIEW_SAME_TEXT: _facts("number", "places", "of", "file"),
    Act.REVIEW_RULES: _facts("was", "now"),
    Act.REVIEW_CHECK: _facts("kind", "sound", "sha256", "of", "file"),
    Act.REVIEW_VIEW: _facts("of", "file"),
    Act.LETTERS_PROFILE: _facts("version", "items"),
    Act.REVIEW_LIST: _facts("kind", "places", "bytes", "sha256", "of", "file"),
    Act.CARDS_ASK: _facts("reason", "second"),
    Act.CARDS_ALLOW: _facts("reason", "asked_by"),
    Act.CARDS_REFUSE: _facts("reason", "asked_by"),
    Act.ANSWER_SENT: _facts("number", "at", "channel", "copy", "sha256"),
    Act.ANSWER_ACKNOWLEDGED: _facts("number", "at"),
    Act.ANSWER_EXTENDED: _facts("number", "at", "reason", "until", "sha256"),
    Act.ANSWER_REFUSED: _facts("number", "at", "reason", "sha256"),
    Act.ANSWER_CLOSED: _facts("number", "at", "reason"),
    Act.ANSWER_TAKEN_BACK: _facts("number", "at", "takes_back"),
    Act.CASE_OPEN: _facts("subject", "number", "channel", "rights", "profile", "received_on", "late_entry"),
    Act.CASE_FOLLOW_UP: _facts("number", "received_on"),
    Act.CASE_STATE: _facts("from", "to", "number"),
    Act.CASE_NOTE: _facts("number"),
    Act.CASE_ASSIGN: _facts("number", "to"),
    Act.CASE_HAND_OVER: _facts("number", "to"),
    Act.CASE_IDENTITY: _facts("number", "method", "outcome"),
    Act.IDENTITY_CODE_MAILED: _facts("count"),
    Act.IDENTITY_CODE_WRONG: _facts("count"),
    Act.IDENTITY_QUESTIONS_ASKED: _facts("what"),
    Act.IDENTITY_ANSWERS_WRONG: _facts("count"),
    Act.DOOR_SETTINGS: _facts("changed"),
    Act.DOOR_ASK: _facts("demand"),
    Act.DOOR_CODE_MAILED: _facts("count"),
    Act.DOOR_WRONG_CODE: _facts("count"),
    Act.DOOR_PROVED: _facts("request", "demand", "joined"),
    Act.DOOR_OPENED: _facts("request"),
    Act.DOOR_LAPSED: _facts("told"),
    Act.MESSAGE_WRITE: _facts("number", "writer", "kind"),
    Act.MESSAGE_READ: _facts("count"),
    Act.IDENTITY_FILES_DUE: _facts("count"),
    Act.AGENT_RECORD: _facts("kind", "what", "to"),
    Act.AGENT_END: _facts(),
    Act.CASE_ACKNOWLEDGE: _facts("number", "sha256"),
    Act.CASE_EXTEND: _facts("number", "reason", "until", "sha256"),
    Act.CASE_PAUSE: _facts("number", "what"),
    Act.CASE_RESUME: _facts("number", "what"),
    Act.CASE_REFUSE: _facts("number", "reason", "sha256", "late", "demand"),
    Act.CASE_NOT_IDENTIFIED: _facts("number", "sha256", "late"),
    Act.CASE_CLOSE: _facts("number", "reason", "demand"),
    Act.CASE_NOTHING_HELD: _facts("number", "channel", "sha256", "holds"),
    Act.CASE_TAKE_BACK: _facts("number", "takes_back"),
    Act.CASE_REVEAL: _facts("what"),
    Act.CASE_SEARCH: _facts("subject"),
    Act.SOURCE_COLLECT: _facts("count"),
    Act.SOURCE_STATE: _facts("source", "kind", "from", "to", "status", "code", "attempt"),
    Act.SOURCE_DESTROY: _facts("source", "kind", "reason"),
    Act.SYSTEM_ADD: _facts("system"),
    Act.SYSTEM_RENAME: _facts("system"),
    Act.SYSTEM_RETIRE: _facts("system"),
    Act.SYSTEM_BRING_BACK: _facts("system"),
    Act.SYSTEM_ATTACH: _facts("system", "file", "kind", "bytes", "sha256", "replaces"),
    Act.SYSTEM_REMOVE: _facts("system", "file", "sha256"),
    Act.SYSTEM_ATTEST: _facts("system", "what"),
    Act.SYSTEM_TAKE_BACK: _facts("system", "was"),
    Act.SYSTEM_VIEW: _facts("file", "kind"),
    Act.SYSTEM_DOWNLOAD: _facts("file", "bytes", "sha256", "reason"),
    Act.SYSTEM_DESTROY: _facts("system", "file", "reason"),
    Act.PACKAGE_BUILD: _facts("package", "version", "variant", "bytes", "sha256", "manifest", "files"),
    Act.PACKAGE_APPROVE: _facts("package", "version", "sha256"),
    Act.PACKAGE_VIEW: _facts("package", "version", "page"),
    Act.PACKAGE_DOWNLOAD: _facts("package", "version", "bytes", "sha256"),
    Act.PACKAGE_ENCRYPT: _facts("package", "version", "sha256"),
    Act.PACKAGE_DESTROY: _facts("package", "version", "reason"),
    Act.DELIVERY_PREPARE: _facts("delivery", "package", "way", "channel", "days", "address"),
    Act.DELIVERY_REVEAL: _facts("delivery"),
    Act.DELIVERY_CONFIRM_ADDRESS: _facts("delivery"),
    Act.DELIVERY_CODE_TOLD: _facts("delivery", "channel"),
    Act.DELIVERY_SEND: _facts("delivery", "way", "sha256"),
    Act.DELIVERY_ACCEPTED: _facts("delivery", "sha256"),
    Act.DELIVERY_BOUNCED: _facts("delivery"),
    Act.DELIVERY_NEW_CODE: _facts("delivery"),
    Act.DELIVERY_NEW_LINK: _facts("delivery", "sha256"),
    Act.DELIVERY_TAKE_BACK: _facts("delivery", "opened"),
    Act.DELIVERY_RECORD: _facts("delivery", "package", "way", "sha256"),
    Act.DELIVERY_OPENED: _facts("delivery", "agent", "sha256"),
    Act.DELIVERY_WRONG_CODE: _facts("delivery", "count"),
    Act.DELIVERY_LOCKED: _facts("delivery"),
    Act.DELIVERY_CODE_MAILED: _facts("delivery", "count"),
    Act.DELIVERY_FETCH: _facts("delivery", "start", "bytes"),
    Act.DELIVERY_FETCHED: _facts("delivery", "count", "bytes", "sha256"),
    Act.DELIVERY_NOT_THEIRS: _facts("delivery", "fetched"),
    Act.DELIVERY_REMIND: _facts("delivery", "count"),
    Act.DELIVERY_EXPIRED: _facts("delivery", "opened"),
    Act.DELIVERY_CLOSED: _facts("delivery", "reason"),
    Act.BREACH_OPEN: _facts("breach", "delivery", "report_by"),
    Act.BREACH_SETTLE: _facts("breach", "outcome"),
    Act.MAIL_QUEUE: _facts("mail", "kind"),
    Act.MAIL_STATE: _facts("mail", "kind", "from", "to", "status", "tries"),
    Act.MAIL_SENDER: _facts("changed"),
    Act.FINGERPRINTS_KEEP: _facts("file", "rows"),
    Act.FINGERPRINTS_DESTROY: _facts("files", "reason"),
    Act.MATCH_COMPARE: _facts("count", "not_compared"),
    Act.MATCH_DECIDE: _facts("number", "item", "class", "decision", "code", "identifiers", "source"),
    Act.MATCH_TAKE_BACK: _facts("number", "takes_back"),
    Act.CALENDAR_ADDRESS: _facts(),
    Act.CALENDAR_REVOKE: _facts(),
    Act.CASE_REDATE: _facts("was", "now"),
    Act.CASE_LANGUAGE: _facts("was", "now"),
    Act.CASE_RETENTION: _facts("was", "now", "cases"),
    Act.CASE_FACTS_DESTROY: _facts("texts", "identifiers", "reason"),
    Act.CLOCK_RULES: _facts("was", "now"),
    Act.CLOCK_DAY_ADD: _facts("day"),
    Act.CLOCK_DAY_STRIKE: _facts("day"),
    Act.CLOCK_DAY_WITHDRAW: _facts("day", "was"),
    Act.EXPORT_LIST_DOWNLOAD: _facts("rows", "format"),
    Act.HISTORY_SEARCH: _facts("subject"),
    Act.CARDS_SEARCH: _facts("program", "kind", "found", "people"),
    Act.LOOKUP_CHOOSE: _facts("people", "told"),
    Act.LOOKUP_CASE: _facts("case"),
    Act.API_TEST: _facts("outcome"),
    Act.AUDIT_VERIFY: _facts("holds", "sound", "place", "checkpoints"),
    Act.AUDIT_ACKNOWLEDGE: _facts("signed", "head", "entries", "checkpoints"),
    Act.AUDIT_EXPORT: _facts("rows"),
    Act.AUDIT_EVIDENCE: _facts("about", "subject", "entries", "since", "until"),
    Act.AUDIT_ABOUT_PERSON: _facts("subject", "exports"),
    Act.EXPORT_CALENDAR_DOWNLOAD: _facts("rows"),
    Act.KEY_CREATE: _facts("key"),
    Act.KEY_ROTATE: _facts("key"),
    Act.KEY_DESTROY: _facts("keys", "index_keys"),
    Act.WORKER_TAKEOVER: _facts("from"),
}
