"""Packages going out: 20 recipients fetch one at once, against nginx serving the same bytes as a plain file to the same
clients (curl, in turns); then 1,000 recipients open their pages at once. A signed-in person works beside both.

    python bench/delivery.py [--bytes 500000000] [--recipients 20] [--pages 1000] [--rounds 2]
    python bench/delivery.py --large 2362232012      # one download above 2 GiB, its bytes checked, memory beside it
    python bench/delivery.py --line 119              # both share a line of so many MiB a second (1 Gbit/s)

The portal reads each package twice, once to verify the whole seal and once to send it; nginx sends a file. Memory is
the serving process's above what it held before, sampled while they fetch.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import importlib.util
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from bench.delivery_seeding import MIB, Given, block_pieces, seed_deliveries  # noqa: E402
from bench.seeding import seed  # noqa: E402
from bench.servers import START_SECONDS, Server, answers, free_port, portal, wait_until_warm  # noqa: E402
from bench.signing_in import sign_in  # noqa: E402
from bench.wire import Tab  # noqa: E402

WRITE = "%{http_code} %{size_download}"
CLICKS = 8
SETTLE_SECONDS = 2.0
NGINX = """worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; sendfile on; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
server {{ listen 127.0.0.1:{port}; root {folder}; }} }}
"""


def find_nginx() -> str | None:
    """By `scripts/find_nginx.py`, whose folder is no package and has a `bench.py`."""
    spec = importlib.util.spec_from_file_location("find_nginx", ROOT / "scripts" / "find_nginx.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: str | None = module.find()
    return found


class Memory:
    """The most that a server held while this is open."""

    def __init__(self, server: Server) -> None:
        self._server, self._over = server, threading.Event()
        self.idle = self.most = server.memory()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            self.most = max(self.most, self._server.memory())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def above_mib(self) -> float:
        return (self.most - self.idle) / MIB


@contextmanager
def nginx(folder: Path, size: int) -> Iterator[str]:
    """The address of a plain file of `size` bytes."""
    program = find_nginx() or sys.exit("nginx is the reference; scripts/find_programs.py installs it")
    port, folder = free_port(), folder / "nginx"
    folder.mkdir()
    folder.chmod(0o755)
    with (folder / "answer.zip").open("wb") as file:
        file.writelines(block_pieces(size))
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    for one in ("answer.zip", "nginx.conf"):
        (folder / one).chmod(0o644)
    words = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}/answer.zip"
        begun = time.perf_counter()
        while not answers(f"http://127.0.0.1:{port}/nginx.conf"):
            if process.poll() is not None or time.perf_counter() - begun > START_SECONDS:
                sys.exit((folder / "error.log").read_text())
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


def limited(line: int, recipients: int) -> list[str]:
    """Curl's words for one recipient's part of a line of `line` MiB a second; none when there is no line (0)."""
    return ["--limit-rate", str(line * MIB // recipients)] if line else []


def fetching(server: Server, number: int, given: Given) -> list[str]:
    """Curl's words for one recipient's download, each at an address of its own. Who gets no turn in time comes again,
    as the page says."""
    return [
        "-f", "--retry", "20", "-X", "POST", "-b", f"portal_answer={given.cookie}",
        "-H", "Sec-Fetch-Site: same-origin", "-H", "Origin: null",
        "-H", f"X-Forwarded-For: 10.20.{number // 250}.{number % 250 + 1}", f"{server.origin}/r/{given.token}/file",
    ]  # fmt: skip


async def at_once(commands: list[list[str]], size: int) -> float:
    """Seconds until all downloads have ended. Each must have been whole."""
    begun = time.perf_counter()
    running = [
        await asyncio.create_subprocess_exec(
            "curl", "-sS", "-o", "/dev/null", "-w", WRITE, *words, stdout=subprocess.PIPE
        )
        for words in commands
    ]
    told = [(await one.communicate())[0].decode() for one in running]
    seconds = time.perf_counter() - begun
    wrong = [said for said in told if said != f"200 {size}"]
    if wrong:
        sys.exit(f"{len(wrong)} downloads were not whole: {wrong[0]}")
    return seconds


async def clicks_beside(tab: Tab, work: Any) -> tuple[Any, list[float]]:
    """What `work` gives, and the seconds of a person's clicks while it went on."""
    task, times = asyncio.create_task(work), []
    while not task.done():
        times.append(await tab.go("past_exports" if len(times) % 2 else "new_export"))
        await asyncio.sleep(0.2)
    return await task, times


async def open_pages(server: Server, given: list[Given]) -> int:
    """All at once, each on a connection and at an address of its own; gives how many did not get their page."""

    async def one(number: int, token: str) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.origin.rpartition(":")[2]))
        writer.write(
            f"GET /r/{token} HTTP/1.1\r\nHost: {server.origin.partition('//')[2]}\r\nConnection: close\r\n"
            f"X-Forwarded-For: 10.30.{number // 250}.{number % 250 + 1}\r\n\r\n".encode()
        )
        answer = await reader.read()
        writer.close()
        return answer.startswith(b"HTTP/1.1 200") and b'name="code"' in answer

    told = await asyncio.gather(
        *(one(number, each.token) for number, each in enumerate(given)), return_exceptions=True
    )  # fmt: skip
    return sum(found is not True for found in told)


async def measure(server: Server, reference: str, given: list[Given], options: argparse.Namespace) -> dict[str, Any]:
    tab = Tab(server.origin, cookie=await sign_in(server.origin), live=True)
    await tab.open()
    quiet = [await tab.go("past_exports" if number % 2 else "new_export") for number in range(CLICKS + 4)][4:]
    ours, theirs, beside, above = [], [], [], 0.0
    group, size = options.recipients, options.bytes
    part = limited(options.line, group)
    for turn in range(options.rounds):
        theirs.append(await at_once([[*part, reference]] * group, size))
        mine = given[turn * group : (turn + 1) * group]
        words = [part + fetching(server, turn * group + number, each) for number, each in enumerate(mine)]
        with Memory(server) as memory:
            seconds, times = await clicks_beside(tab, at_once(words, size))
        ours.append(seconds)
        beside += times
        above = max(above, memory.above_mib)
        await asyncio.sleep(SETTLE_SECONDS)
    readers = given[options.rounds * group :]
    failed, paging = await clicks_beside(tab, open_pages(server, readers))
    await tab.close()
    quiet_click = statistics.median(quiet)
    return {
        "bench": "delivery",
        "portal_mib_s": round(group * size / MIB / statistics.median(ours), 1),
        "nginx_mib_s": round(group * size / MIB / statistics.median(theirs), 1),
        "rate_ratio": round(statistics.median(one / two for one, two in zip(theirs, ours, strict=True)), 3),
        "memory_above_idle_mib": round(above, 1),
        "click_ratio": round(statistics.median(beside) / quiet_click, 2),
        "pages": len(readers),
        "pages_failed": failed,
        "pages_click_ratio": round(statistics.median(paging) / quiet_click, 2),
    }


def large(folder: Path, size: int) -> dict[str, Any]:
    """One download that is larger than 2 GiB: its bytes, and the memory beside it."""
    seed(folder / "data", free_port(), 2)
    (given,) = seed_deliveries(folder / "data", size, 1)
    with portal(0, folder=folder) as server:
        wait_until_warm(server)
        digest, got = hashlib.sha256(), 0
        with Memory(server) as memory:
            curl = subprocess.Popen(["curl", "-sS", *fetching(server, 0, given)], stdout=subprocess.PIPE)
            assert curl.stdout is not None
            while piece := curl.stdout.read(MIB):
                digest.update(piece)
                got += len(piece)
        curl.wait()
        return {
            "bench": "delivery",
            "large_bytes": got,
            "large_whole": int(digest.hexdigest() == given.sha256 and got == size),
            "large_memory_above_idle_mib": round(memory.above_mib, 1),
        }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bytes", type=int, default=500_000_000)
    parser.add_argument("--recipients", type=int, default=20)
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--line", type=int, default=0)
    options = parser.parse_args()
    if shutil.which("curl") is None:
        sys.exit("curl fetches on both sides; install it")
    with tempfile.TemporaryDirectory(prefix="bench-delivery-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's workers are another user when this one is root
        if options.large:
            print(json.dumps(large(folder, options.large)))
            return
        seed(folder / "data", free_port(), 60)
        count = options.recipients * options.rounds + options.pages
        given = seed_deliveries(folder / "data", options.bytes, count)
        with nginx(folder, options.bytes) as reference, portal(0, folder=folder) as server:
            wait_until_warm(server)
            print(json.dumps(asyncio.run(measure(server, reference, given, options))))


if __name__ == "__main__":
    main()
