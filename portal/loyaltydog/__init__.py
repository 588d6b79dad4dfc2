"""LoyaltyDog's API for Python: a small synchronous client and a guarded file fetch. Knows nothing of the portal.

    with LoyaltyDog(Connection("https://api.loyalty.dog", token)) as api:
        answer = api.request_export(ExportAsk("json", customer_email="kim@example.com"))
    policy = FetchPolicy("https://api.loyalty.dog", allowed_hosts=("files.example.com",))
    file = fetch_file(answer.download_url.get_secret_value(), policy, expected_format="json", sink=write)

What may go wrong is drawn in ``errors``; what may be repeated is decided in ``retry``.
"""

from .addresses import normalise_base_url, parse_host_entry
from .client import LoyaltyDog
from .connection import TEST_KEY, Connection, is_test_key
from .errors import (
    CallError,
    ConnectionLost,
    Delivery,
    FieldProblem,
    Forbidden,
    Gone,
    LoyaltyDogError,
    NoConnection,
    NotAuthenticated,
    NotFound,
    RateLimited,
    Rejected,
    ServerTrouble,
    StatusError,
    SubscriptionInactive,
    TimedOut,
    TlsFailed,
    Turn,
    UnreadableAnswer,
)
from .fetch import FetchedFile, FetchPolicy, fetch_file
from .file_errors import (
    AddressRefused,
    EmptyFile,
    EncodedBody,
    FetchError,
    HostNotAllowed,
    LinkExpired,
    LinkMissing,
    RedirectRefused,
    TooLarge,
    TooSlow,
    Truncated,
    WrongMediaType,
)
from .models import (
    AuditLogEntry,
    AuditLogPage,
    CardPage,
    ConsentRecord,
    ErasureAnswer,
    ExportAnswer,
    GiftCard,
    Program,
    SignIn,
    Transaction,
    User,
)
from .network.line import Resolver
from .network.proxy import Proxy, read_proxy
from .params import CardStatus, ConsentAsk, ErasureAsk, ExportAsk, FileFormat
from .responses import EXPORT_NOTES
from .retry import RetryDecision, retry_export_post, retry_reads

__all__ = [
    "EXPORT_NOTES",
    "TEST_KEY",
    "AddressRefused",
    "AuditLogEntry",
    "AuditLogPage",
    "CallError",
    "CardPage",
    "CardStatus",
    "Connection",
    "ConnectionLost",
    "ConsentAsk",
    "ConsentRecord",
    "Delivery",
    "EmptyFile",
    "EncodedBody",
    "ErasureAnswer",
    "ErasureAsk",
    "ExportAnswer",
    "ExportAsk",
    "FetchError",
    "FetchPolicy",
    "FetchedFile",
    "FieldProblem",
    "FileFormat",
    "Forbidden",
    "GiftCard",
    "Gone",
    "HostNotAllowed",
    "LinkExpired",
    "LinkMissing",
    "LoyaltyDog",
    "LoyaltyDogError",
    "NoConnection",
    "NotAuthenticated",
    "NotFound",
    "Program",
    "Proxy",
    "RateLimited",
    "RedirectRefused",
    "Rejected",
    "Resolver",
    "RetryDecision",
    "ServerTrouble",
    "SignIn",
    "StatusError",
    "SubscriptionInactive",
    "TimedOut",
    "TlsFailed",
    "TooLarge",
    "TooSlow",
    "Transaction",
    "Truncated",
    "Turn",
    "UnreadableAnswer",
    "User",
    "WrongMediaType",
    "fetch_file",
    "is_test_key",
    "normalise_base_url",
    "parse_host_entry",
    "read_proxy",
    "retry_export_post",
    "retry_reads",
]
