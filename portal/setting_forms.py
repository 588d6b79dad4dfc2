"""What each setting must look like: the variable's name, what is wrong with its value, and the right form.

`doctor` lists all of it and `serve` refuses to start with any of it, before LoyaltyDog is asked anything: what the
operator wrote is not LoyaltyDog's fault. A sentence never repeats the value, which may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from portal.config import OidcSettings, Settings, WrongSettings, load_oidc_settings
from portal.loyaltydog import (
    TEST_KEY,
    AddressRefused,
    Proxy,
    is_test_key,
    normalise_base_url,
    parse_host_entry,
    read_proxy,
)
from portal.loyaltydog.addresses import is_loopback_host
from portal.loyaltydog.denied_networks import deny_reason
from portal.loyaltydog.network.tls import NoAuthorities, client_context
from portal.storage.blobs import STORE_ERRORS, BlobStore

RIGHT_API = "Give https://api.loyalty.dog."
SWITCH = "PORTAL_ALLOW_LOOPBACK_HTTP=1 opens this machine, for tests and local mocks only."
RIGHT_HOSTS = "Name hosts only, separated by commas: files.example.com, or files.example.com:8443."
RIGHT_PROXY = "Give http://host:port or http://user:password@host:port."
RIGHT_DATABASE = "Give postgresql://user:password@host/database, or leave it empty for SQLite in the data folder."
RIGHT_STORE = "Give the URL of an object store, such as s3://bucket/folder."

_ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,24}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
"""As an operator's address is written; its local part is short, since a token of bounces comes behind it."""


@dataclass(frozen=True)
class Fault:
    """One setting that cannot work, or with `warns` one that works but perhaps not as intended."""

    variable: str
    what: str
    form: str
    warns: bool = False

    def __str__(self) -> str:
        return f"{self.variable}: {self.what} {self.form}"


def faults(settings: Settings) -> list[Fault]:
    """Everything wrong with how the settings are written. Asks nothing over a network."""
    parts = (_api_url, _hosts, _tokens, _vendor_fields, _ports, _proxy, _authorities, _database, _stores, _mail)
    return [*(fault for part in parts for fault in part(settings)), *_single_sign_on(load_oidc_settings())]


def refuse_wrong_forms(settings: Settings) -> None:
    """Raises WrongSettings naming each of them."""
    wrong = [str(fault) for fault in faults(settings) if not fault.warns]
    if wrong:
        raise WrongSettings(wrong)


def way_out(settings: Settings) -> Proxy | None:
    """The proxy the portal goes out through. Raises WrongSettings."""
    if settings.https_proxy is None:
        return None
    wrong = [str(fault) for fault in _proxy(settings)]
    if wrong:
        raise WrongSettings(wrong)
    return read_proxy(settings.https_proxy.get_secret_value())


def _api_url(settings: Settings) -> Iterator[Fault]:
    text, name = settings.api_url.strip(), "PORTAL_API_URL"
    if not text:
        return
    scheme, separator, _rest = text.partition("://")
    try:
        parsed = urlsplit(normalise_base_url(text, allow_loopback_http=True))
    except AddressRefused as refused:
        if not separator:
            yield Fault(name, "It has no https:// in front.", RIGHT_API)
        elif scheme.lower() == "http":
            yield Fault(name, "It is plain http, and tokens go over https only.", RIGHT_API)
        else:
            yield Fault(name, f"It cannot be used: {refused.detail}.", RIGHT_API)
        return
    host = parsed.hostname or ""
    if is_loopback_host(host) and not settings.allow_loopback_http:
        yield Fault(name, "It leads to this machine, and that is off.", f"{RIGHT_API} {SWITCH}")
    elif not is_loopback_host(host) and _is_denied_number(host):
        yield Fault(name, "It leads into a private or special network, where the portal never asks.", RIGHT_API)


def _is_denied_number(host: str) -> bool:
    return deny_reason(host) not in (None, "not an IP address")


def _hosts(settings: Settings) -> Iterator[Fault]:
    name = "PORTAL_DOWNLOAD_HOSTS"
    for number, entry in enumerate(settings.download_hosts, 1):
        try:
            host, _port = parse_host_entry(entry)
        except ValueError:
            what = "is a URL" if "://" in entry else "has a path" if "/" in entry else "is no host"
            yield Fault(name, f"Entry {number} {what}.", RIGHT_HOSTS)
            continue
        if is_loopback_host(host) and not settings.allow_loopback_http:
            yield Fault(name, f"Entry {number} is this machine, and that is off.", f"{RIGHT_HOSTS} {SWITCH}")
        elif not is_loopback_host(host) and _is_denied_number(host):
            yield Fault(name, f"Entry {number} is in a private or special network.", RIGHT_HOSTS)


def _tokens(settings: Settings) -> Iterator[Fault]:
    for field in ("api_token", "merchant_token", "customer_token"):
        secret: SecretStr | None = getattr(settings, field)
        token = secret.get_secret_value().strip() if secret is not None else ""
        name = f"PORTAL_{field.upper()}"
        if token.lower().startswith("bearer "):
            yield Fault(name, "It begins with the word Bearer.", "Give the token alone; the portal adds the word.")
        elif token[:1] in "\"'" and token[-1:] == token[:1] and token:
            yield Fault(name, "It stands in quotes.", "Give it without them: they would be sent.")
        elif any(not "!" <= char <= "~" for char in token):
            yield Fault(name, "It holds a space or a letter that cannot be sent.", "Give it as LoyaltyDog gave it.")
        elif is_test_key(token):
            yield Fault(
                name,
                f"It begins with {TEST_KEY}.",
                "LoyaltyDog's test keys are no sandbox: they touch real customers' data.",
                warns=True,
            )


def _vendor_fields(settings: Settings) -> Iterator[Fault]:
    pending, code = settings.vendor_mfa_pending_field.strip(), settings.vendor_mfa_code_field.strip()
    for name, value in (("PORTAL_VENDOR_MFA_PENDING_FIELD", pending), ("PORTAL_VENDOR_MFA_CODE_FIELD", code)):
        if not value:
            yield Fault(name, "It is empty.", "Give the field's name, or unset the variable.")
    if pending and pending == code:
        yield Fault("PORTAL_VENDOR_MFA_CODE_FIELD", "It is the pending token's name too.", "Give two names.")


def _ports(settings: Settings) -> Iterator[Fault]:
    if settings.metrics_port == settings.port:
        yield Fault("PORTAL_METRICS_PORT", "It is PORTAL_PORT too.", "Give the metrics another port, or 0 for none.")


def _proxy(settings: Settings) -> Iterator[Fault]:
    if settings.https_proxy is None:
        return
    try:
        read_proxy(settings.https_proxy.get_secret_value())
    except ValueError as trouble:
        yield Fault("PORTAL_HTTPS_PROXY", f"It cannot be used: {trouble}.", RIGHT_PROXY)


def _authorities(_settings: Settings) -> Iterator[Fault]:
    try:
        client_context()
    except NoAuthorities as trouble:
        variable, _, what = str(trouble).partition(": ")
        yield Fault(
            variable, what[:1].upper() + what[1:], "Name certificates in PEM form, or unset it: the system's are used."
        )


def _database(settings: Settings) -> Iterator[Fault]:
    if not settings.database_url:
        return
    try:
        kind = make_url(settings.database_url).get_backend_name()
    except (ArgumentError, ValueError):
        yield Fault("PORTAL_DATABASE_URL", "It is no URL of a database.", RIGHT_DATABASE)
        return
    if kind not in {"postgresql", "sqlite"}:
        yield Fault("PORTAL_DATABASE_URL", f"The portal knows no database of the kind {kind!r}.", RIGHT_DATABASE)


def _stores(settings: Settings) -> Iterator[Fault]:
    for name, url in (("PORTAL_BLOB_URL", settings.blob_url), ("PORTAL_CHECKPOINT_DIR", settings.checkpoint_dir)):
        if "://" not in url:
            if url and name == "PORTAL_BLOB_URL":
                yield Fault(name, "It is no URL.", f"{RIGHT_STORE} Leave it empty for a folder in the data folder.")
            continue
        try:
            BlobStore(None, url)
        except (*STORE_ERRORS, ValueError, TypeError):
            yield Fault(name, "It cannot be opened as an object store.", RIGHT_STORE)


def _mail(settings: Settings) -> Iterator[Fault]:
    if not settings.mail_host:
        for name in ("user", "password", "from", "bounce_to"):
            if getattr(settings, f"mail_{name}"):
                yield Fault(f"PORTAL_MAIL_{name.upper()}", "It is set, and PORTAL_MAIL_HOST is not.", "Set both.")
        return
    try:
        parse_host_entry(settings.mail_host)
    except ValueError:
        yield Fault("PORTAL_MAIL_HOST", "It is no host.", "Name the host alone, such as smtp.example.com.")
        return
    if settings.mail_security == "plain" and not (
        is_loopback_host(settings.mail_host) and settings.allow_loopback_http
    ):
        yield Fault("PORTAL_MAIL_SECURITY", "Mails would go in the clear.", f"Give tls or starttls. {SWITCH}")
    for name, value, needed in (
        ("PORTAL_MAIL_FROM", settings.mail_from, True),
        ("PORTAL_MAIL_BOUNCE_TO", settings.mail_bounce_to, False),
    ):
        if (value or needed) and not _ADDRESS.fullmatch(value):
            yield Fault(name, "It is no address.", "Give one address alone, such as privacy@shop.example.")
    if bool(settings.mail_user) != (settings.mail_password is not None):
        yield Fault("PORTAL_MAIL_PASSWORD", "User and password belong together.", "Set both, or neither.")
    if settings.mail_imap_host and not (settings.mail_imap_user and settings.mail_imap_password):
        yield Fault("PORTAL_MAIL_IMAP_HOST", "It lacks a user or a password.", "Set both, or unset the host.")


def _single_sign_on(provider: OidcSettings) -> Iterator[Fault]:
    if bool(provider.issuer) != bool(provider.client_id):
        missing = "PORTAL_OIDC_CLIENT_ID" if provider.issuer else "PORTAL_OIDC_ISSUER"
        other = "PORTAL_OIDC_ISSUER" if provider.issuer else "PORTAL_OIDC_CLIENT_ID"
        yield Fault(missing, f"It is not set, although {other} is.", "Single sign-on needs both; unset both for none.")
    if provider.issuer and not {"openid", "email"} <= set(provider.scopes.split()):
        yield Fault("PORTAL_OIDC_SCOPES", "It lacks openid or email.", "Give at least: openid email")
