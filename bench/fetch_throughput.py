"""The guarded fetch into a sealed file, against curl into a plain file, from the same local server.

One GiB by default. Prints both rates, the ratio and the fetch's peak memory above idle (a process of
its own, resident set sampled from the kernel's high-water mark).

    .venv/bin/python bench/fetch_throughput.py [--bytes 1073741824]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

LINE = b'"0012345678901234","2026-11-23T04:05:06Z","REDEMPTION","-12.50","EUR","till 4","Caf\xc3\xa9 am Markt"\r\n'
MIB = 1024 * 1024


def serve(ready: multiprocessing.synchronize.Event, port: int, size: int) -> None:
    """One CSV of `size` bytes to whoever asks, as fast as the socket takes it."""
    block = LINE * (4 * MIB // len(LINE))
    listener = socket.create_server(("127.0.0.1", port))
    ready.set()
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n" % size)
        left = size
        while left:
            left -= connection.send(block[: min(left, len(block))])
        connection.close()


def fetch_sealed(port: int, size: int, folder: str, answer: multiprocessing.connection.Connection) -> None:
    """The portal's way, in a process of its own so that its memory is its own."""
    from portal.loyaltydog import FetchPolicy, fetch_file
    from portal.storage.blobs import BlobStore
    from portal.vault import MasterKey, SealedFiles
    from portal.vault.files import FilePlace

    base = f"http://127.0.0.1:{port}"
    policy = FetchPolicy(api_base_url=base, allowed_hosts=(), allow_loopback_http=True, max_bytes=size + 1)
    files = SealedFiles(MasterKey.open(Path(folder) / "key.json", create=True), BlobStore(Path(folder) / "files"))
    place = FilePlace("merchant", "export", "merchant/export")
    key = files.new_key(place)
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    with files.sealing(place, key) as writer:
        fetched = fetch_file(f"{base}/file.csv", policy, expected_format="csv", sink=writer.write)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer.send((seconds, fetched.size, (peak - idle) / 1024))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bytes", type=int, default=1024 * MIB)
    parser.add_argument("--port", type=int, default=18710)
    options = parser.parse_args()
    curl = shutil.which("curl") or sys.exit("curl is the reference; install it")
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    server = context.Process(target=serve, args=(ready, options.port, options.bytes), daemon=True)
    server.start()
    ready.wait(10)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.csv"
        started = time.perf_counter()
        subprocess.run([curl, "-sS", "-o", str(plain), f"http://127.0.0.1:{options.port}/file.csv"], check=True)
        reference = time.perf_counter() - started
        plain.unlink()
        ours, theirs = context.Pipe()
        child = context.Process(target=fetch_sealed, args=(options.port, options.bytes, folder, theirs))
        child.start()
        seconds, size, above_idle = ours.recv()
        child.join()
    server.terminate()
    print(f"{size:,} bytes from one local server")
    print(f"curl to a plain file       {options.bytes / MIB / reference:7.0f} MiB/s")
    print(f"guarded fetch, sealed      {size / MIB / seconds:7.0f} MiB/s")
    print(f"ratio                      {reference / seconds:7.2f}  (at least 0.5)")
    print(f"peak memory above idle     {above_idle:7.0f} MiB  (at most 100)")


if __name__ == "__main__":
    main()
