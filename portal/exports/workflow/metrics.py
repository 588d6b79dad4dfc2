"""How long LoyaltyDog takes, for `/metrics`. No label says who asked or for whom."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Histogram

REGISTRY = CollectorRegistry()
VENDOR_SECONDS = Histogram(
    "portal_vendor_seconds",
    "Time LoyaltyDog took, by call, answers and failures alike",
    ["call"],
    registry=REGISTRY,
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300),
)
EXPORT_SECONDS = Histogram(
    "portal_export_seconds",
    "From the request to the checked file",
    registry=REGISTRY,
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600),
)
