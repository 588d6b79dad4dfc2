"""`practice`: the practice merchant alone, with what another program needs to ask it."""

from __future__ import annotations

import sys

from portal.practice.server import PortTakenError, serve
from portal.practice.settings import LOW_PRIVILEGE_TOKEN, MERCHANT_ONE_TOKEN, MERCHANT_TWO_TOKEN, PracticeSettings


def run_practice(port: int, download_port: int, latency_ms: int) -> int:
    """Serve until stopped; 1 when a port cannot be had."""
    if port == download_port:
        print("--download-port: It is the API's port too. Give another one, or 0 for the next.", file=sys.stderr)
        return 2
    settings = PracticeSettings(port=port, download_port=download_port, latency_ms=latency_ms)
    try:
        serve(settings, ready=print_sign_ins)
    except PortTakenError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


def print_sign_ins(settings: PracticeSettings) -> None:
    """Address and tokens, on standard output. They are fixed and public: they open nothing but this server."""
    print(f"\n  Practice merchant   {settings.api_base}  (everyone in it is invented)")
    print(f"  Files come from     {settings.download_base}")
    print(f"  Mailbox             {settings.api_base}/_practice/mails  (SMTP at port {settings.mail_port})\n")
    print("  Bearer tokens")
    for token, whose in (
        (MERCHANT_ONE_TOKEN, "Brook & Bean Coffee"),
        (MERCHANT_TWO_TOKEN, "Northwind Books"),
        (LOW_PRIVILEGE_TOKEN, "a cashier of the first, without the rights an export needs"),
    ):
        print(f"    {token:<32} {whose}")
    print(f"\n  PORTAL_API_URL={settings.api_base} PORTAL_API_TOKEN={MERCHANT_ONE_TOKEN}")
    print(f"  PORTAL_DOWNLOAD_HOSTS={settings.download_base.partition('://')[2]} PORTAL_ALLOW_LOOPBACK_HTTP=1")
    print("\n  Ctrl-C stops it.\n", flush=True)
