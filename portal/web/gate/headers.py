"""Security headers on every response (SEC-44)."""

from __future__ import annotations

from portal.config import Settings
from portal.web.streamlit.shell import script_hash

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
)
HSTS = "max-age=31536000; includeSubDomains"


def content_policy(script_hash: str) -> str:
    """The Content-Security-Policy. Measured: no violation by dataframe, json, metric, form, dialog, toast, chart,
    status."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' '{script_hash}'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "frame-src 'none'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def security_headers(settings: Settings) -> dict[str, str]:
    """Lower-case names to values. Raises UnknownFrontEnd when Streamlit's page changed."""
    headers = {
        "content-security-policy": content_policy(script_hash()),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": PERMISSIONS_POLICY,
    }
    if settings.origin.startswith("https://"):
        headers["strict-transport-security"] = HSTS
    return headers
