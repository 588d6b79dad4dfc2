"""Self-check at start: what must be right before the portal handles real data (SEC-46, SEC-47)."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from portal.config import FILE_FIELDS, LOYALTYDOG_TOKENS, PROJECT_ROOT, SECRET_FIELDS, Settings, load_oidc_settings
from portal.setting_forms import faults
from portal.web.operations.doctor_mail import mail_checks
from portal.web.operations.doctor_paths import Check, first_steps, keyset_checks, path_checks, unknown_variables
from portal.web.streamlit import front_end, options
from portal.web.streamlit.private_parts import CHECKED_VERSION
from portal.web.streamlit.shell import script_hash

CHECKED_WITH = {
    "streamlit": CHECKED_VERSION,
    "starlette": "1.10.0",
    "uvicorn": "0.54.0",
    "streamlit-authenticator": "0.4.2",
}
PLACEHOLDERS = frozenset({"changeme", "change-me", "secret", "token", "password", "xxx", "todo", "example", "test"})
MIN_COOKIE_SECRET = 32
WIDEST_PROXY_NETWORK = {4: 8, 6: 32}


class UnsafeStart(RuntimeError):
    """The portal does not start like this; `message` says what to change, one line per finding."""

    def __init__(self, failed: list[Check]) -> None:
        self.message = "".join(f"\n{c.name}: {c.sentence} {c.fix}" for c in failed)
        super().__init__(self.message)


def run_checks(settings: Settings) -> list[Check]:
    """All findings, in the order to fix them. Practice mode is not checked."""
    if settings.practice:
        return [Check("mode", True, "Practice merchant: everyone here is invented, so nothing needs mending.")]
    options.load_project_config()
    options.apply_safe_defaults()
    found: list[Check] = []
    for part in (
        _malformed,
        unknown_variables,
        path_checks,
        _addresses,
        _loopback_http,
        _proxies,
        _secrets,
        _single_sign_on,
        keyset_checks,
        _private_files,
        _checkpoints,
        first_steps,
        _streamlit_options,
        mail_checks,
    ):
        found.extend(part(settings))
    found.extend(_front_end(settings))
    return found


def refuse_if_unsafe(settings: Settings) -> None:
    """Raise UnsafeStart naming every check that failed, under any server (SEC-47)."""
    failed = [check for check in run_checks(settings) if not check.ok]
    if failed:
        raise UnsafeStart(failed)


def _split(url: str) -> SplitResult:
    """The parts of an address; empty parts for one that cannot be parsed."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _malformed(settings: Settings) -> Iterator[Check]:
    for fault in faults(settings):
        yield Check(fault.variable, fault.warns, fault.what, fault.form, warns=fault.warns)


def _addresses(settings: Settings) -> Iterator[Check]:
    url = settings.public_url
    if not url:
        yield Check(
            "address",
            _loopback(settings.host),
            f"The portal listens on {settings.host} and has no public address.",
            "Set PORTAL_PUBLIC_URL to the https address people type, or PORTAL_HOST=127.0.0.1.",
        )
        return
    parts = _split(url)
    clean = bool(parts.hostname) and not parts.username and not parts.query and parts.path in {"", "/"}
    yield Check(
        "address",
        clean and (parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname or ""))),
        f"People reach the portal over {parts.scheme or 'nothing'}.",
        "PORTAL_PUBLIC_URL must be an https origin such as https://privacy.shop.example, without a path.",
    )


def _loopback_http(settings: Settings) -> Iterator[Check]:
    """A switch for tests: with a public address no file or token may be sent over plain http (SEC-10)."""
    public = _split(settings.public_url).hostname or "localhost"
    yield Check(
        "plain http",
        not settings.allow_loopback_http or _loopback(public),
        f"Plain http to this machine is {'on' if settings.allow_loopback_http else 'off'}.",
        "Unset PORTAL_ALLOW_LOOPBACK_HTTP: it is for tests, and this portal has a public address.",
    )


def _proxies(settings: Settings) -> Iterator[Check]:
    wide: list[str] = []
    for name in (p.strip() for p in settings.trusted_proxies.split(",") if p.strip()):
        try:
            network = ip_network(name, strict=False)
        except ValueError:
            wide.append(name)
            continue
        if network.prefixlen < WIDEST_PROXY_NETWORK[network.version]:
            wide.append(name)
    yield Check(
        "proxies",
        not wide,
        "Trusted proxies are named." if not wide else "PORTAL_TRUSTED_PROXIES trusts too much or cannot be read.",
        "Name the proxies' own addresses, or whoever asks can choose the address they are counted under.",
    )


def _secrets(settings: Settings) -> Iterator[Check]:
    for name in SECRET_FIELDS:
        value = getattr(settings, name)
        if value is not None:
            plain = value.get_secret_value()
            good = bool(plain.strip()) and plain.strip().lower() not in PLACEHOLDERS
            fault = "empty" if not plain.strip() else "a placeholder"
            yield Check(
                name,
                good,
                f"PORTAL_{name.upper()} is {'set' if good else fault}.",
                "Give the real one, or unset the variable.",
            )
    yield from _environment_tokens(settings)
    secret, chosen = options.option("server.cookieSecret")
    good = not chosen or len(str(secret)) >= MIN_COOKIE_SECRET
    yield Check(
        "server.cookieSecret",
        good,
        "Streamlit's cookie secret is random." if good else "Streamlit's cookie secret is short.",
        f"Set STREAMLIT_SERVER_COOKIE_SECRET to at least {MIN_COOKIE_SECRET} random characters, or unset it.",
    )


def _environment_tokens(settings: Settings) -> Iterator[Check]:
    """Tokens of the environment are sent to PORTAL_API_URL only, never to an address that a merchant entered."""
    given = [f"PORTAL_{name.upper()}" for name in LOYALTYDOG_TOKENS if getattr(settings, name) is not None]
    if not given:
        return
    names, verb = ", ".join(given), "goes" if len(given) == 1 else "go"
    host = _split(settings.api_url).hostname or "PORTAL_API_URL"
    yield Check(
        "tokens' address",
        bool(settings.api_url),
        f"{names} {verb} to {host} alone, while there is one merchant."
        if settings.api_url
        else f"{names} {verb} nowhere: PORTAL_API_URL is not set.",
        "Set PORTAL_API_URL to the address the token is for, such as https://api.loyalty.dog, "
        "or unset the token and save it in Settings.",
    )


def _single_sign_on(_settings: Settings) -> Iterator[Check]:
    provider = load_oidc_settings()
    if not provider.issuer:
        return
    parts = _split(provider.issuer)
    safe = parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname or ""))
    yield Check(
        "single sign-on",
        safe and bool(parts.hostname) and bool(provider.client_id),
        "Single sign-on names a provider." if safe else "Single sign-on names a provider without https.",
        "PORTAL_OIDC_ISSUER must be an https address, and PORTAL_OIDC_CLIENT_ID must be set.",
    )
    if provider.client_secret is not None:
        good = provider.client_secret.get_secret_value().strip().lower() not in PLACEHOLDERS | {""}
        yield Check(
            "oidc client secret", good, "The client secret is set." if good else "It is a placeholder.", "Give it."
        )


def _private_files(settings: Settings) -> Iterator[Check]:
    places: dict[str, Path] = {"keyset": settings.keyset_file, "data folder": settings.root}
    for name in FILE_FIELDS:
        given = os.environ.get(f"PORTAL_{name.upper()}_FILE")
        if given:
            places[f"file of {name}"] = Path(given)
    for folder in {PROJECT_ROOT, Path.cwd(), Path.home()}:
        places[f"secrets.toml in {folder.name or 'root'}"] = folder / ".streamlit" / "secrets.toml"
    for name, path in places.items():
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError:
            continue  # absent: made with the right mode, or not used
        wanted = "700" if path.is_dir() else "600"
        yield Check(
            name,
            not mode & 0o077,
            f"The {name} has mode {mode:o}.",
            f"Others on this machine can read it: chmod {wanted} it.",
        )


def _checkpoints(settings: Settings) -> Iterator[Check]:
    """Write access to the database often includes the files beside it (SEC-50)."""
    place = settings.checkpoints
    inside = "://" not in place and Path(place).resolve().is_relative_to(settings.root.resolve())
    yield Check(
        "checkpoints",
        True,
        "The audit trail's signed checkpoints lie inside the data folder, beside the trail they prove."
        if inside
        else "The audit trail's signed checkpoints lie outside the data folder.",
        "Set PORTAL_CHECKPOINT_DIR to a folder on another machine or to the URL of an object store." if inside else "",
        warns=inside,
    )


def _streamlit_options(_settings: Settings) -> Iterator[Check]:
    for key, wanted in options.SAFE_OPTIONS.items():
        if key in options.FOR_SPEED:
            continue
        value, _chosen = options.option(key)
        safe = value == wanted or (key == "server.maxUploadSize" and isinstance(value, int) and value <= 1)
        yield Check(
            key, safe, f"{key} is {value!r}.", f"It must be {wanted!r}: look in config.toml and STREAMLIT_* variables."
        )
    _value, chosen = options.option("server.trustedUserHeaders")
    yield Check(
        "server.trustedUserHeaders",
        not chosen,
        "Only the gate names who is signed in." if not chosen else "Identity headers are configured outside the gate.",
        "Remove server.trustedUserHeaders from config.toml and STREAMLIT_* variables.",
    )


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _front_end(_settings: Settings) -> Iterator[Check]:
    for package, wanted in CHECKED_WITH.items():
        have = _installed(package)
        yield Check(
            package,
            have == wanted,
            f"{package} is {have}.",
            f"The gate was checked with {wanted}: install the locked requirements.",
        )
    yield _page_check(script_hash)


def _page_check(compute: Callable[[], str]) -> Check:
    fix = "Install the locked requirements; a changed page needs a new look at the content policy."
    try:
        compute()
    except (front_end.UnknownFrontEnd, OSError):
        return Check("page", False, "Streamlit's page is not the one the content policy was made for.", fix)
    return Check("page", True, "Streamlit's page has one inline script, and the content policy knows it.", fix)
