"""The guarded fetch into a sealed file, against curl into a plain file, from the same local server.

One GiB by default, three pairs. Prints both rates, the ratio and the fetch's peak memory above idle (a process of
its own, resident set sampled from the kernel's high-water mark).

    .venv/bin/python bench/fetch_throughput.py [--bytes 1073741824] [--pairs 3]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import socket
import statistics
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


def have_pages(folder: Path, size: int) -> None:
    """Write as many bytes and forget them, right before a side is timed.

    A virtual machine gives freed memory back to its host within seconds; writing a file into pages that the host must
    find first takes up to four times as long (the same `dd` of 256 MiB: 0.46 s, then 0.11 s), on whichever side it
    falls.
    """
    used = folder / "pages"
    with used.open("wb", buffering=0) as file:
        for _ in range(0, size, MIB // 4):
            file.write(bytes(MIB // 4))
    used.unlink()


def fetch_sealed(port: int, size: int, folder: str, answer: multiprocessing.connection.Connection) -> None:
    """The portal's way, in a process of its own so that its memory is its own."""
    from portal.exports.workflow.background_sink import BackgroundSink
    from portal.loyaltydog import FetchPolicy, fetch_file
    from portal.storage.blobs import BlobStore
    from portal.vault import MasterKey, SealedFiles
    from portal.vault.files import FilePlace

    base = f"http://127.0.0.1:{port}"
    policy = FetchPolicy(api_base_url=base, allowed_hosts=(), allow_loopback_http=True, max_bytes=size + 1)
    files = SealedFiles(MasterKey.open(Path(folder) / "key.json", create=True), BlobStore(Path(folder) / "files"))
    place = FilePlace("merchant", "export", "merchant/export")
    key = files.new_key(place)
    have_pages(Path(folder), size)
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    with files.sealing(place, key) as writer, BackgroundSink(writer.write) as sink:
        fetched = fetch_file(f"{base}/file.csv", policy, expected_format="csv", sink=sink, digest=False)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer.send((seconds, fetched.size, (peak - idle) / 1024))


def curl_once(curl: str, port: int, size: int, folder: Path) -> float:
    """Seconds of the reference: curl into a plain file."""
    plain = folder / "plain.csv"
    have_pages(folder, size)
    started = time.perf_counter()
    subprocess.run([curl, "-sS", "-o", str(plain), f"http://127.0.0.1:{port}/file.csv"], check=True)
    seconds = time.perf_counter() - started
    plain.unlink()
    return seconds


def fetch_once(
    context: multiprocessing.context.SpawnContext, port: int, size: int, folder: Path
) -> tuple[float, float]:
    """Seconds and MiB above idle of ours, in a process of its own."""
    ours, theirs = context.Pipe()
    child = context.Process(target=fetch_sealed, args=(port, size, str(folder), theirs))
    child.start()
    seconds, fetched, above_idle = ours.recv()
    child.join()
    assert fetched == size
    return seconds, above_idle


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bytes", type=int, default=1024 * MIB)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--port", type=int, default=18710)
    options = parser.parse_args()
    curl = shutil.which("curl") or sys.exit("curl is the reference; install it")
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    server = context.Process(target=serve, args=(ready, options.port, options.bytes), daemon=True)
    server.start()
    ready.wait(10)
    theirs, ours, memory = [], [], []
    for _ in range(options.pairs):  # in turns, so that a busy minute of the machine falls on both
        with tempfile.TemporaryDirectory() as folder:
            theirs.append(curl_once(curl, options.port, options.bytes, Path(folder)))
            seconds, above_idle = fetch_once(context, options.port, options.bytes, Path(folder))
            ours.append(seconds)
            memory.append(above_idle)
    server.terminate()
    rate = options.bytes / MIB
    ratios = sorted(reference / seconds for reference, seconds in zip(theirs, ours, strict=True))
    print(f"{options.bytes:,} bytes from one local server, {options.pairs} pairs in turns, medians")
    print(f"curl to a plain file       {rate / statistics.median(theirs):7.0f} MiB/s")
    print(f"guarded fetch, sealed      {rate / statistics.median(ours):7.0f} MiB/s")
    pairs = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"ratio                      {statistics.median(ratios):7.2f}  (at least 0.5; each pair: {pairs})")
    print(f"peak memory above idle     {max(memory):7.0f} MiB  (at most 100)")


if __name__ == "__main__":
    main()
