"""How to reach one merchant's API. Knows which headers identify the merchant, and hides them in ``repr``."""

from dataclasses import dataclass, field

from .addresses import Address, normalise_base_url, parse_address
from .network.proxy import Proxy

__all__ = ["TEST_KEY", "Connection", "is_test_key"]

TEST_KEY = "ld_test_"


def is_test_key(token: str) -> bool:
    """LoyaltyDog's test keys begin so; they are no sandbox, what they are used for touches real customers' data."""
    return token.strip().startswith(TEST_KEY)


@dataclass(frozen=True)
class Connection:
    """One merchant's way in. Raises AddressRefused for the address, ValueError for a token that cannot be sent.

    ``base_url``: any of https://host, https://host/v2, https://host/api/v2; kept as scheme://host[:port].
    ``token``: bearer; may be empty for a sign-in. ``merchant_token``, ``customer_token``: X-Eposn headers.
    ``allow_loopback_http``: opens plain http, and loopback at all, to 127.0.0.0/8, ::1 and ``localhost`` only.
    ``timeout_seconds``: total of one API call, repeats and waits included.
    ``proxy``: the way out, to everything but loopback.
    """

    base_url: str
    token: str = field(repr=False)
    merchant_token: str | None = field(default=None, repr=False)
    customer_token: str | None = field(default=None, repr=False)
    allow_loopback_http: bool = False
    timeout_seconds: float = 30.0
    proxy: Proxy | None = None

    def __post_init__(self) -> None:
        base_url = normalise_base_url(self.base_url, allow_loopback_http=self.allow_loopback_http)
        object.__setattr__(self, "base_url", base_url)
        for name in ("token", "merchant_token", "customer_token"):
            value = getattr(self, name)
            if value is None:
                continue
            value = value.strip()
            if any(not "\x21" <= char <= "\x7e" for char in value):
                raise ValueError(f"{name} holds characters that cannot be sent in a header")
            object.__setattr__(self, name, value)
        if not self.timeout_seconds > 0:
            raise ValueError("timeout_seconds must be more than 0")

    @property
    def base_address(self) -> Address:
        return parse_address(self.base_url, allow_loopback_http=self.allow_loopback_http)

    def credentials(self) -> list[tuple[str, str]]:
        """The headers that identify the merchant; only ever for this very origin (SEC-5)."""
        found = [("Authorization", f"Bearer {self.token}")] if self.token else []
        if self.merchant_token:
            found.append(("X-Eposn-Merchant-Token", self.merchant_token))
        if self.customer_token:
            found.append(("X-Eposn-Customer-Token", self.customer_token))
        return found
