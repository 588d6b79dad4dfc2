"""``python -m portal.practice``: run the practice merchant on loopback."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence

from pydantic import ValidationError

from portal.practice.server import PortTakenError, serve
from portal.practice.settings import PracticeSettings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m portal.practice", description="A merchant where all is invented.")
    option = parser.add_argument
    option("--port", type=int, default=8650, help="API port; 0 takes a free one (default 8650)")
    option("--download-port", type=int, help="port of the second host (default: port + 1)")
    option("--mail-port", type=int, help="port of the mail server (default: port + 2)")
    option("--latency-ms", type=float, default=0, help="milliseconds added to every API answer (default 0)")
    option("--export-lifetime", type=float, default=172_800, help="seconds until an export expires (default 48 hours)")
    option("--edge-limit", type=int, default=0, help="API requests per address in 10 seconds; 0 is off (default)")
    option("--slow-seconds", type=float, default=8, help="how long the slow customer's export takes (default 8)")
    option("--drip-seconds", type=float, default=4, help="how long the slow customer's download takes (default 4)")
    option("--silence-seconds", type=float, default=90, help="how long the no-answer customer hangs (default 90)")
    option("--retry-after", type=int, default=5, help="Retry-After of the rate limited customer (default 5)")
    option("--retry-reset", type=float, default=60, help="seconds until that customer is limited again (default 60)")
    option("--expires-soon", type=float, default=5, help="lifetime of the expires-soon customer's link (default 5)")
    option("--while-stdin-is-open", action="store_true", help="end when standard input closes, as a child process")
    option("--large-bytes", type=int, default=24 * 1024 * 1024, help="least size of the large file (default 24 MiB)")
    return parser


def _end_with_stdin() -> None:
    """End when standard input closes: the parent process has ended, in any way."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped. Exit code 0 when stopped by a signal, 1 when a port is taken, 2 for a wrong option."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    try:
        settings = PracticeSettings(
            port=asked.port,
            download_port=asked.download_port,
            mail_port=asked.mail_port,
            latency_ms=asked.latency_ms,
            export_lifetime_seconds=asked.export_lifetime,
            edge_limit=asked.edge_limit,
            slow_seconds=asked.slow_seconds,
            drip_seconds=asked.drip_seconds,
            silence_seconds=asked.silence_seconds,
            retry_after_seconds=asked.retry_after,
            retry_reset_seconds=asked.retry_reset,
            expires_soon_seconds=asked.expires_soon,
            large_bytes=asked.large_bytes,
        )
    except ValidationError as error:
        parser.error("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))
    if asked.while_stdin_is_open:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        serve(settings)
    except PortTakenError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
