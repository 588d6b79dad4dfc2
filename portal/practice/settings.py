"""Settings of the practice merchant, and its fixed, plainly fake credentials.

Everything named here is invented and public: none of it opens anything but this server, which binds loopback only.
"""

import ipaddress
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MERCHANT_ONE_TOKEN: Final = "practice-token-merchant-one"  # noqa: S105 - fake on purpose
MERCHANT_TWO_TOKEN: Final = "practice-token-merchant-two"  # noqa: S105 - fake on purpose
LOW_PRIVILEGE_TOKEN: Final = "practice-token-cashier"  # noqa: S105 - fake; merchant one, no GDPR or audit rights
PRACTICE_PASSWORD: Final = "practice-password"  # noqa: S105 - fake; the same for every practice user
TOTP_SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - fake base32 secret of both users with MFA

MERCHANT_ADMIN: Final = "MERCHANT_ADMIN"
MERCHANT_CASHIER: Final = "MERCHANT_CASHIER"


@dataclass(frozen=True, slots=True)
class PracticeUser:
    """Someone who can sign in with ``POST /v2/token``; ``token`` is set for the fixed app keys instead."""

    id: str
    email: str
    name: str
    merchant: str
    mfa: bool = False
    role: str = MERCHANT_ADMIN
    token: str | None = None


USERS: Final[tuple[PracticeUser, ...]] = (
    PracticeUser("a11ce0000000000000000001", "owner@brookandbean.example.com", "Olive Brook", "one"),
    PracticeUser("a11ce0000000000000000002", "owner-mfa@brookandbean.example.com", "Ben Bean", "one", mfa=True),
    PracticeUser("a11ce0000000000000000003", "owner@northwindbooks.example.com", "Nora Wind", "two"),
    PracticeUser("a11ce0000000000000000004", "owner-mfa@northwindbooks.example.com", "Nils North", "two", mfa=True),
)
APP_KEYS: Final[tuple[PracticeUser, ...]] = (
    PracticeUser(
        "a11ce0000000000000000011",
        "app-key@brookandbean.example.com",
        "App key, Brook & Bean",
        "one",
        token=MERCHANT_ONE_TOKEN,
    ),
    PracticeUser(
        "a11ce0000000000000000012",
        "app-key@northwindbooks.example.com",
        "App key, Northwind Books",
        "two",
        token=MERCHANT_TWO_TOKEN,
    ),
    PracticeUser(
        "a11ce0000000000000000013",
        "cashier@brookandbean.example.com",
        "Cashier, Brook & Bean",
        "one",
        role=MERCHANT_CASHIER,
        token=LOW_PRIVILEGE_TOKEN,
    ),
)


class PracticeSettings(BaseModel):
    """How the practice merchant listens and behaves. Times are seconds unless the name says otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8650, ge=0, le=65535, description="API listener; 0 takes any free port.")
    download_port: int = Field(default=8651, ge=0, le=65535, description="Second host; port + 1 when left out.")
    mail_port: int = Field(default=8652, ge=0, le=65535, description="Mail server; port + 2 when left out.")
    latency_ms: float = Field(default=0, ge=0, le=60_000, description="Added to every API answer.")
    export_lifetime_seconds: float = Field(default=48 * 60 * 60, gt=0, description="From POST to expiresAt; 48 hours.")
    edge_limit: int = Field(default=0, ge=0, description="API requests per address in edge_window_seconds; 0 is off.")
    edge_window_seconds: float = Field(default=10, gt=0)
    slow_seconds: float = Field(default=8, ge=0, description="How long the slow customer's POST takes.")
    drip_seconds: float = Field(default=4, ge=0, description="How long the slow customer's download takes.")
    silence_seconds: float = Field(default=90, ge=0, description="How long the no-answer customer's POST hangs.")
    retry_after_seconds: int = Field(default=5, ge=0, description="Retry-After of the rate limited customer.")
    retry_reset_seconds: float = Field(default=60, gt=0, description="The rate limited customer starts again.")
    expires_soon_seconds: float = Field(default=5, gt=0, description="Lifetime of the expires-soon customer's link.")
    large_bytes: int = Field(default=24 * 1024 * 1024, ge=1, description="Size of the large customer's file, at least.")
    seed: int = 20261123

    @model_validator(mode="before")
    @classmethod
    def _other_ports_follow_the_first(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        port = int(data.get("port", 8650))
        beside = {"download_port": port + 1, "mail_port": port + 2}
        left_out = {name: number if port else 0 for name, number in beside.items() if data.get(name) is None}
        return {**data, **left_out}

    @field_validator("host")
    @classmethod
    def _loopback_only(cls, host: str) -> str:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError("The practice merchant listens on loopback only, like 127.0.0.1.")
        return host

    @property
    def api_base(self) -> str:
        """Address of the API host, without a trailing slash."""
        return f"http://{self._host_in_url}:{self.port}"

    @property
    def download_base(self) -> str:
        """Address of the second host, the one with presigned links."""
        return f"http://{self._host_in_url}:{self.download_port}"

    @property
    def _host_in_url(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host
