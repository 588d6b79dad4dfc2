"""The guarded fetch of one file from an untrusted address (SEC-1 to SEC-9).

``downloadUrl`` is a plain string of the vendor's: its host is undocumented, it may be relative, and it is a credential.
So the address is read strictly, the host must be the API's own or on the merchant's exact list, the connection goes to
a checked address, only the API's own origin gets the merchant's tokens, nothing is decompressed, everything is counted,
and not one byte reaches ``sink`` before media type and first bytes fit. Until ``fetch_file`` returns, what the sink got
is not valid.
"""

import base64
import binascii
import hashlib
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote_to_bytes

from .addresses import (
    Address,
    normalise_base_url,
    parse_address,
    parse_host_entry,
    refused,
    resolve_address,
    resolve_redirect,
)
from .connection import Connection
from .errors import ConnectionLost, Gone, LoyaltyDogError, NotFound, Rejected, UnreadableAnswer
from .file_errors import (
    EmptyFile,
    EncodedBody,
    HostNotAllowed,
    LinkExpired,
    RedirectRefused,
    TooLarge,
    Truncated,
)
from .media import SNIFF_BYTES, charset_of, check_first_bytes, check_media_type
from .network.limits import MAX_ERROR_BODY_BYTES, Deadline
from .network.line import Resolver
from .network.proxy import Proxy
from .network.transport import Answer, Outgoing, exchange
from .params import FileFormat
from .status_errors import error_for

__all__ = ["FetchPolicy", "FetchedFile", "fetch_file"]

_CLOSE_WAIT_SECONDS = 1.0
_DATA_SLICE_BYTES = 64 * 1024
_REQUEST_ID_HEADERS = (
    "x-request-id",
    "x-amz-request-id",
    "x-ms-request-id",
    "x-goog-request-id",
    "x-guploader-uploadid",
)
MALFORMED_DATA = "It carries the file in itself and cannot be read."
PLAIN_ENCODINGS = frozenset({"", "identity", "none", "binary", "utf-8", "utf8", "aws-chunked", "8bit", "7bit"})
"""Values of Content-Encoding that storage hosts set on unencoded bytes; none is a compression (s3cmd #157, nocodb
#14038; aws-chunked stays from an upload whose framing the host took off)."""
_CHUNK_HEAD = re.compile(rb"[0-9a-f]{1,16};chunk-signature=", re.IGNORECASE)
_STORAGE_ERROR = re.compile(rb"<Error\b|<Code>")
_DATA_ADDRESS = re.compile(r"data:([^,]*),", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class FetchPolicy:
    """What may be fetched, and how much of it. Raises AddressRefused or ValueError when it makes no sense.

    ``allowed_hosts``: exact ``host`` (port 443) or ``host:port``; empty means the API's own origin only.
    ``min_bytes_per_second`` holds once ``min_rate_grace_seconds`` were spent waiting for bytes.
    ``proxy``: the way out, to everything but loopback.
    ``max_redirects``: 0 or 1; a redirect is vetted like a first address and never goes from https to http.
    """

    api_base_url: str
    allowed_hosts: tuple[str, ...] = ()
    allow_loopback_http: bool = False
    max_bytes: int = 2 * 1024**3
    deadline_seconds: float = 300.0
    min_bytes_per_second: float = 1024.0
    min_rate_grace_seconds: float = 20.0
    max_redirects: int = 0
    proxy: Proxy | None = None

    def __post_init__(self) -> None:
        base_url = normalise_base_url(self.api_base_url, allow_loopback_http=self.allow_loopback_http)
        object.__setattr__(self, "api_base_url", base_url)
        for entry in self.allowed_hosts:
            parse_host_entry(entry)
        if self.max_redirects not in (0, 1):
            raise ValueError("max_redirects is 0 or 1")
        if self.max_bytes < 1 or not self.deadline_seconds > 0 or self.min_bytes_per_second < 0:
            raise ValueError("limits must be more than 0")

    def is_api(self, address: Address) -> bool:
        """Scheme, host and port are the API's own."""
        return address.origin == parse_address(self.api_base_url, allow_loopback_http=self.allow_loopback_http).origin

    def lists(self, address: Address) -> bool:
        """Host and port are on the list; an entry without a port means the scheme's own."""
        default = 443 if address.scheme == "https" else 80
        entries = (parse_host_entry(entry) for entry in self.allowed_hosts)
        return any((host, port or default) == (address.host, address.port) for host, port in entries)


@dataclass(frozen=True)
class FetchedFile:
    """A whole file. ``sha256`` is the hex digest of the original bytes as passed to the sink, None if not asked for.

    ``charset``: the encoding that the answer's Content-Type named, in lower case.
    """

    size: int
    sha256: str | None
    media_type: str | None
    http_request_id: str | None
    declared_length: int | None
    charset: str | None = None


def fetch_file(
    address: str,
    policy: FetchPolicy,
    *,
    expected_format: FileFormat,
    sink: Callable[[bytes], None],
    connection: Connection | None = None,
    on_progress: Callable[[int, int | None], None] | None = None,
    digest: bool = True,
    resolver: Resolver | None = None,
    ssl_context: ssl.SSLContext | None = None,
) -> FetchedFile:
    """Fetch once, passing the original bytes to ``sink`` as they come. Raises LoyaltyDogError and what ``sink`` raises.

    ``connection`` lends its tokens when the address has the API's own origin. ``on_progress`` gets (bytes so far,
    declared bytes or None). ``digest=False`` is for a sink that hashes by itself. After an error, throw away what the
    sink got.
    """
    intake = _Intake(expected_format, policy.max_bytes, sink, on_progress, hashlib.sha256() if digest else None)
    try:
        address = address.strip()
        if address[:5].lower() == "data:":
            return _read_data_address(address, intake)
        return _fetch(address, policy, intake, connection, resolver, ssl_context)
    except LoyaltyDogError as error:
        error.as_read()
        raise


def _fetch(
    address: str,
    policy: FetchPolicy,
    intake: "_Intake",
    connection: Connection | None,
    resolver: Resolver | None,
    ssl_context: ssl.SSLContext | None,
) -> FetchedFile:
    deadline = Deadline(policy.deadline_seconds)
    current = _vetted(
        resolve_address(address, policy.api_base_url, allow_loopback_http=policy.allow_loopback_http), policy
    )
    trusted = connection is not None and connection.base_url == policy.api_base_url
    for hop in range(policy.max_redirects + 1):
        # Tokens go along only while every hop so far was the API itself: a storage host cannot send them anywhere.
        trusted = trusted and policy.is_api(current)
        headers = connection.credentials() if connection is not None and trusted else []
        with exchange(
            Outgoing("GET", current, headers),
            deadline,
            allow_loopback=policy.allow_loopback_http,
            resolver=resolver,
            ssl_context=ssl_context,
            proxy=policy.proxy,
        ) as answer:
            if 300 <= answer.status < 400 and hop < policy.max_redirects:
                current = _redirected(answer, current, policy)
                continue
            _check_status(answer, own=policy.is_api(current))
            return _take_body(answer, policy, intake)
    raise RedirectRefused("more redirects than allowed")


def _vetted(address: Address, policy: FetchPolicy) -> Address:
    if policy.is_api(address) or policy.lists(address):
        return address
    error = HostNotAllowed(f"{address.authority} is not on the list of download hosts")
    error.host = address.authority
    raise error


def _redirected(answer: Answer, current: Address, policy: FetchPolicy) -> Address:
    location = answer.headers.get("location", "").strip()
    if not location:
        raise RedirectRefused("redirect without an address", status=answer.status)
    target = _vetted(resolve_redirect(location, current, allow_loopback_http=policy.allow_loopback_http), policy)
    if current.scheme == "https" and target.scheme != "https":
        raise RedirectRefused("redirect from https to http", status=answer.status)
    return target


def _check_status(answer: Answer, *, own: bool) -> None:
    status, request_id = answer.status, _request_id(answer.headers)
    if status == 200:
        return
    if status == 204:
        raise EmptyFile("HTTP 204", status=status, request_id=request_id)
    if 300 <= status < 400:
        raise RedirectRefused(f"HTTP {status}", status=status, request_id=request_id)
    body = _error_body(answer)
    error = error_for(status, answer.headers, body if own else b"")
    gone = isinstance(error, (NotFound, Gone)) or (not own and status in (401, 403))
    # S3 answers 400 to an expired token (boto3 #2392), and a GET of a link sends nothing that a person had typed.
    if gone or (isinstance(error, Rejected) and (not own or _STORAGE_ERROR.search(body))):
        error = LinkExpired(error.detail, status=status, delivery="answered", vendor_says=error.vendor_says)
    error.request_id = error.request_id or request_id
    raise error


def _error_body(answer: Answer) -> bytes:
    try:
        return b"".join(answer.chunks(MAX_ERROR_BODY_BYTES))
    except LoyaltyDogError:
        return b""


def _take_body(answer: Answer, policy: FetchPolicy, intake: "_Intake") -> FetchedFile:
    request_id, declared = _request_id(answer.headers), answer.declared_length
    encodings = {part.strip().lower() for part in answer.headers.get("content-encoding", "").split(",")}
    if not encodings <= PLAIN_ENCODINGS:
        raise EncodedBody("Content-Encoding is not identity", status=200, request_id=request_id)
    media_type = check_media_type(answer.headers.get("content-type"), intake.expected)
    if declared is not None and declared > policy.max_bytes:
        raise TooLarge(f"declares more than {policy.max_bytes} bytes", status=200, request_id=request_id)
    line = answer.line
    began = line.waited
    cut: str | None = None
    try:
        line.patience = began + policy.min_rate_grace_seconds if policy.min_bytes_per_second else None
        for chunk in answer.chunks(policy.max_bytes):
            intake.take(chunk, declared)
            if policy.min_bytes_per_second:
                earned = intake.size / policy.min_bytes_per_second
                line.patience = began + max(policy.min_rate_grace_seconds, earned)
        line.patience = None
    except (ConnectionLost, UnreadableAnswer) as trouble:
        cut = trouble.detail
    if cut is None and answer.exceeds_declared_length(_CLOSE_WAIT_SECONDS):
        cut = "body goes on beyond its declared length"
    if cut is not None:
        raise Truncated(f"{cut} after {intake.size} bytes", status=200, request_id=request_id)
    found = intake.finish(media_type, request_id, declared)
    return replace(found, charset=charset_of(answer.headers.get("content-type")))


def _read_data_address(address: str, intake: "_Intake") -> FetchedFile:
    """A ``data:`` address carries the file in itself (RFC 2397); nothing is sent anywhere."""
    head = _DATA_ADDRESS.match(address[:300])
    if head is None or not address.isascii():
        raise refused("malformed data address", MALFORMED_DATA)
    media_type, *options = [part.strip().lower() for part in head[1].split(";")]
    if len(address) > 4 * intake.max_bytes + 1024:
        raise TooLarge(f"data address holds more than {intake.max_bytes} bytes")
    checked = check_media_type(media_type or "text/plain", intake.expected)
    body: bytes | None = unquote_to_bytes(address[head.end() :])
    if "base64" in options:
        try:
            body = base64.b64decode(body or b"", validate=True)
        except binascii.Error:
            body = None
    if body is None:
        raise refused("malformed data address", MALFORMED_DATA)
    for start in range(0, len(body), _DATA_SLICE_BYTES):
        intake.take(body[start : start + _DATA_SLICE_BYTES], len(body))
    return intake.finish(checked, None, len(body))


def _request_id(headers: Mapping[str, str]) -> str | None:
    found = (headers.get(name, "") for name in _REQUEST_ID_HEADERS)
    return next((text for text in found if re.fullmatch(r"[A-Za-z0-9._-]{1,128}", text, re.ASCII)), None)


@dataclass
class _Intake:
    """Counts, hashes, and holds the first bytes back until they are known to fit."""

    expected: FileFormat
    max_bytes: int
    sink: Callable[[bytes], None]
    on_progress: Callable[[int, int | None], None] | None
    digest: "hashlib._Hash | None"
    size: int = 0
    _held: bytearray | None = field(default_factory=bytearray)

    def take(self, chunk: bytes, declared: int | None) -> None:
        self.size += len(chunk)
        if self.size > self.max_bytes:
            raise TooLarge(f"more than {self.max_bytes} bytes")
        if self.digest is not None:
            self.digest.update(chunk)
        if self._held is None:
            self.sink(chunk)
        else:
            self._held += chunk
            if len(self._held) >= SNIFF_BYTES:
                self._release(complete=False)
        if self.on_progress is not None:
            self.on_progress(self.size, declared)

    def finish(self, media_type: str | None, request_id: str | None, declared: int | None) -> FetchedFile:
        if self._held is not None:
            self._release(complete=True)
        sha256 = self.digest.hexdigest() if self.digest is not None else None
        return FetchedFile(self.size, sha256, media_type, request_id, declared)

    def _release(self, *, complete: bool) -> None:
        held = bytes(self._held or b"")
        if _CHUNK_HEAD.match(held):
            raise EncodedBody("the framing of an aws-chunked upload is in the body")
        check_first_bytes(held[:SNIFF_BYTES], self.expected, complete=complete)
        self._held = None
        self.sink(held)
