"""Settings of one portal process, read once from the environment (prefix ``PORTAL_``).

Every option has its meaning, default and unit beside it. Secrets are `SecretStr`, so that no
`repr` or log shows them (SEC-46). A file `PORTAL_X_FILE` may give the value of a secret `X`, or the database's URL.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from portal.errors import PortalError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
PRACTICE_PORT_DEFAULT = 8650
LOYALTYDOG_TOKENS = ("api_token", "merchant_token", "customer_token")
"""The bearer, X-Eposn-Merchant-Token, X-Eposn-Customer-Token: here, or saved by a merchant as `sealed_NAME`."""
SECRET_FIELDS = (*LOYALTYDOG_TOKENS, "demo_password", "mail_password", "mail_imap_password")
FILE_FIELDS = (*SECRET_FIELDS, "database_url", "https_proxy")  # both carry a password


class WrongSettings(PortalError):
    """One or more PORTAL_ variables cannot be used; names them, never their values."""

    code = "wrong_settings"
    next_step = "The portal's operator: correct the environment (see docs/settings.md)."

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems), detail=", ".join(p.partition(":")[0] for p in problems))


class Settings(BaseSettings):
    """All options. Raises pydantic's ValidationError naming the option, never its value."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_", frozen=True, extra="ignore", hide_input_in_errors=True)

    mode: Literal["practice", "production"] = Field("production", description="practice: everybody is invented")

    # Places and addresses
    data_dir: Path = Field(Path(".data"), description="database, sealed files and keys; made 0700")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8501, ge=1, le=65535, description="port to listen on")
    public_url: str = Field("", description="origin people type, e.g. https://privacy.shop.example; empty: loopback")
    trusted_proxies: str = Field("", description="comma-separated addresses whose X-Forwarded-* are believed")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the data folder")
    blob_url: str = Field("", description="object store URL; empty: a folder in the data folder")
    checkpoint_dir: str = Field(
        "",
        description="folder or object store URL for signed audit checkpoints; empty: checkpoints/ in the data folder",
    )
    keyset_path: Path | None = Field(None, description="master keyset file; empty: keys/ in the data folder")

    # LoyaltyDog
    api_url: str = Field("", description="API base address; https://api.loyalty.dog is right")
    api_token: SecretStr | None = Field(None, description="bearer; for api_url alone, while there is one merchant")
    merchant_token: SecretStr | None = Field(None, description="X-Eposn-Merchant-Token, if any; as api_token")
    customer_token: SecretStr | None = Field(None, description="X-Eposn-Customer-Token, if any; as api_token")
    download_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="hosts (host or host:port) files may come from, besides the API's own"
    )
    allow_loopback_http: bool = Field(False, description="plain http to loopback only, for tests and local mocks")
    https_proxy: SecretStr | None = Field(
        None, description="way out to LoyaltyDog and single sign-on: http://[user:password@]host:port"
    )
    deadline_seconds: float = Field(300.0, gt=0, le=86_400, description="whole fetch of one file, seconds")
    answer_seconds: float = Field(30.0, gt=0, le=600, description="one API call, seconds")
    edge_requests: int = Field(
        300, ge=0, description="requests LoyaltyDog's edge takes from one address in 10 s; 0: no such limit"
    )
    max_file_bytes: int = Field(2 * 1024**3, gt=0, description="largest file taken, bytes")
    min_bytes_per_second: float = Field(1024.0, ge=0, description="slowest file waited for, bytes a second; 0: none")
    min_rate_grace_seconds: float = Field(20.0, ge=0, le=3600, description="before the slowest rate counts, seconds")
    download_redirects: int = Field(0, ge=0, le=1, description="1: one redirect, checked like a first address")
    fetches_per_merchant: int = Field(4, ge=1, le=100, description="files fetched at once for one merchant")

    vendor_mfa_pending_field: str = Field(
        "pendingToken", description="field name of mfa-verify; the vendor's is unpublished"
    )
    vendor_mfa_code_field: str = Field("code", description="field name of mfa-verify; the vendor's is unpublished")

    # Mail to the people who ask
    mail_host: str = Field("", description="relay that takes the portal's mails; empty: no mail is sent")
    mail_port: int = Field(0, ge=0, le=65535, description="its port; 0: 465 for tls, 587 for starttls")
    mail_security: Literal["tls", "starttls", "plain"] = Field(
        "tls", description="tls from the first byte, or starttls; plain to loopback only, with allow_loopback_http"
    )
    mail_user: str = Field("", description="account at the relay; empty: none is needed")
    mail_password: SecretStr | None = Field(None, description="its password")
    mail_from: str = Field("", description="address that mails come from, e.g. privacy@shop.example")
    mail_bounce_to: str = Field(
        "", description="mailbox that bounces come to, as NAME+TOKEN@host; empty: that of mail_from"
    )
    mail_imap_host: str = Field("", description="where `mail poll` reads bounces, by IMAP over TLS; empty: nowhere")
    mail_imap_port: int = Field(993, ge=1, le=65535, description="its port, TLS from the first byte")
    mail_imap_user: str = Field("", description="account of the mailbox of bounces")
    mail_imap_password: SecretStr | None = Field(None, description="its password")

    # People and time
    idle_minutes: float = Field(15.0, gt=0, description="session ends after this long without an act, minutes")
    session_hours: float = Field(8.0, gt=0, description="session ends at latest after, hours")
    step_up_minutes: float = Field(15.0, gt=0, description="a proof of identity is fresh for, minutes")
    retention_days: int = Field(7, ge=1, le=30, description="sealed files live this long after collection, days")
    demo_password: SecretStr | None = Field(None, description="password of the practice sign-ins; else generated")
    metrics_port: int = Field(0, ge=0, le=65535, description="loopback port for /metrics; 0: off")

    @field_validator("download_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(h.strip().lower() for h in re.split(r"[,\s]+", value) if h.strip())
        return value

    @cached_property
    def root(self) -> Path:
        """The data folder, absolute."""
        return self.data_dir.expanduser().resolve()

    @property
    def database(self) -> str:
        """SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.root / 'portal.sqlite3'}"

    @property
    def workflow_database(self) -> str:
        """URL of the durable engine's own tables (ids only, never personal data)."""
        return self.database_url or f"sqlite:///{self.root / 'workflows.sqlite3'}"

    @property
    def keyset_file(self) -> Path:
        return self.keyset_path or self.root / "keys" / "master.keyset.json"

    @property
    def checkpoints(self) -> str:
        """Folder or URL that audit checkpoints are written to; best on another machine (SEC-50)."""
        return self.checkpoint_dir or str(self.root / "checkpoints")

    @property
    def destruction_list(self) -> Path:
        """Names of destroyed files, beside the master keyset and so outside the data a backup copies (SEC-55)."""
        return self.keyset_file.with_name("destroyed-files")

    @property
    def practice(self) -> bool:
        return self.mode == "practice"

    @property
    def origin(self) -> str:
        """Scheme and authority the browser uses, without trailing slash."""
        return self.public_url.rstrip("/") or f"http://127.0.0.1:{self.port}"


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment; `PORTAL_<SECRET>_FILE` names a file holding a secret. Raises WrongSettings."""
    from_files: dict[str, Any] = {}
    wrong: list[str] = []
    for name in FILE_FIELDS:
        variable = f"PORTAL_{name.upper()}_FILE"
        path = os.environ.get(variable)
        if path and os.environ.get(f"PORTAL_{name.upper()}"):
            wrong.append(f"{variable}: PORTAL_{name.upper()} is set too. Set one of the two, and unset the other.")
        elif path:
            try:
                from_files[name] = _content(Path(path))
            except ValueError as error:
                wrong.append(f"{variable}: {error}")
    try:
        settings = Settings(**{**from_files, **overrides})
    except ValidationError as error:
        raise WrongSettings([*wrong, *(_in_words(found) for found in error.errors(include_input=False))]) from None
    if wrong:
        raise WrongSettings(wrong)
    return settings


def _content(path: Path) -> str:
    """What a file of one secret holds. Raises ValueError with a sentence for the operator."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise ValueError("there is no such file. Name the file that holds the value, by its whole path.") from None
    except PermissionError:
        raise ValueError("the portal may not read the file. Make it the portal's own: chown it, chmod 600.") from None
    except IsADirectoryError:
        raise ValueError("it is a folder. Name the file that holds the value.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the file cannot be read ({type(error).__name__}).") from None
    if not text:
        raise ValueError("the file is empty. Write the value into it, or unset the variable.")
    return text


def _in_words(error: ErrorDetails) -> str:
    """Variable, fault and right form of one setting of another type or range."""
    name = str(error["loc"][0])
    meaning = Settings.model_fields[name].description if name in Settings.model_fields else ""
    return f"PORTAL_{name.upper()}: {error['msg']}." + (f" It is for: {meaning}." if meaning else "")


def practice_port(settings: Settings) -> int:
    """The practice merchant's port; its file host takes the next one. Raises WrongSettings."""
    text = os.environ.get("PRACTICE_PORT") or str(PRACTICE_PORT_DEFAULT)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65533):
        raise WrongSettings(["PRACTICE_PORT: It is no port. Give a number from 1 to 65533."])
    port = int(text)
    for name, taken in (("PORTAL_PORT", settings.port), ("PORTAL_METRICS_PORT", settings.metrics_port)):
        if taken in range(port, practice_mail_port(port) + 1):
            raise WrongSettings(
                [f"PRACTICE_PORT: The practice merchant takes {port} to {port + 2}, and {name} is {taken}. Move one."]
            )
    return port


def practice_mail_port(port: int) -> int:
    """Where the mail server of the practice merchant at `port` listens."""
    return port + 2


class OidcSettings(BaseSettings):
    """The provider of single sign-on, from the environment (prefix ``PORTAL_OIDC_``)."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_OIDC_", frozen=True, extra="ignore", hide_input_in_errors=True)

    issuer: str = Field("", description="issuer, e.g. https://login.shop.example; https, or http on loopback")
    client_id: str = Field("", description="this portal's client id at the provider")
    client_secret: SecretStr | None = Field(None, description="its secret; none for a public client")
    scopes: str = Field("openid email profile", description="what is asked for; must hold openid and email")

    @property
    def on(self) -> bool:
        """Whether the sign-in page offers it."""
        return bool(self.issuer and self.client_id)


def load_oidc_settings() -> OidcSettings:
    """As the environment has it now."""
    return OidcSettings()  # type: ignore[call-arg,unused-ignore]
