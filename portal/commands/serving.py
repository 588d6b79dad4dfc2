"""`demo`, `serve`, `worker`: processes that stay."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import socket
import subprocess  # nosec: starts our own practice server with fixed arguments
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NoReturn

from portal.config import PRACTICE_PORT_DEFAULT, PROJECT_ROOT, load_settings
from portal.errors import PortalError
from portal.log import configure_logging
from portal.web.early_door import EarlyDoor
from portal.web.loading import giving_way

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from portal.config import Settings

M_ARENA_MAX = -8  # malloc.h
GRACE_SECONDS = 8  # open answers may end; then exports get `DurableEngine.stop`'s 15 s, the rest is handed over


class PortTaken(PortalError):
    code = "port_taken"


def _check_port(port: int, variable: str) -> None:
    """Raise PortTaken in plain words before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise PortTaken(
                f"Port {port} is taken by another program.",
                next_step=f"Stop it, or choose another: {variable}={port + 10}.",
                detail=f"port {port}",
            ) from None


def run_demo() -> int:
    """The practice merchant as a process of its own, the portal in this one; ends both on Ctrl-C or SIGTERM."""
    _end_in_order()
    practice_port = int(os.environ.get("PRACTICE_PORT") or PRACTICE_PORT_DEFAULT)
    os.environ["PORTAL_MODE"] = "practice"
    settings = load_settings()
    _check_port(settings.port, "PORTAL_PORT")
    _check_port(practice_port, "PRACTICE_PORT")
    _check_port(practice_port + 1, "PRACTICE_PORT")
    os.environ["PORTAL_DATA_DIR"] = str(settings.root)
    password: Future[str] = Future()

    def prepare() -> None:
        from portal.commands.practice_people import seed_practice
        from portal.runtime import get_portal

        nonlocal password
        merchant.enter_context(_practice_merchant(practice_port))
        _note_keys()
        beside = ThreadPoolExecutor(1)  # the password check lets others work for its quarter of a second
        password = beside.submit(seed_practice, get_portal(), practice_port)
        beside.shutdown(wait=False)

    def ready() -> None:
        from portal.commands.practice_people import print_sign_ins

        print_sign_ins(settings, practice_port, password.result())

    with contextlib.ExitStack() as merchant:
        status = _serve(settings, prepare, ready, lambda: password.result())
    return _ended(status)


@contextlib.contextmanager
def _practice_merchant(port: int) -> Iterator[None]:
    """The practice merchant's process, as long as this lasts."""
    child = subprocess.Popen(
        [sys.executable, "-m", "portal.practice", "--port", str(port)],
        cwd=PROJECT_ROOT,
        start_new_session=True,  # Ctrl-C reaches this process only, which then ends the child in order
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=10)
        if child.poll() is None:
            child.kill()


def run_serve() -> int:
    """The portal for real merchants. Refuses to start with anything unsafe (SEC-46, SEC-47)."""
    _end_in_order()
    settings = load_settings()
    _check_port(settings.port, "PORTAL_PORT")
    os.environ["PORTAL_DATA_DIR"] = str(settings.root)
    status = run_doctor(quiet=True)
    if status:
        return status

    def ready() -> None:
        print(f"Privacy portal ready: {settings.origin}", flush=True)

    return _ended(_serve(settings, _note_keys, ready))


def _note_keys() -> None:
    from portal.commands.noting import note_master_keys
    from portal.runtime import get_portal

    note_master_keys(get_portal())


def run_doctor(*, quiet: bool = False) -> int:
    """Print what is unsafe and how to mend it; 0 when nothing is."""
    from portal.commands.noting import note_outside_portal
    from portal.web.doctor import run_checks

    if not quiet:
        note_outside_portal()
    checks = run_checks(load_settings())
    for check in checks:
        if not check.ok or not quiet:
            words = check.sentence if check.ok and not check.warns else f"{check.sentence} {check.mend}"
            mark = "NOT" if not check.ok else "!  " if check.warns else "ok "
            print(f"{mark} {check.name}: {words}", file=sys.stderr if quiet else sys.stdout)
    return 0 if all(check.ok for check in checks) else 1


def run_worker() -> int:
    """Run exports until told to stop; then finish or hand over what runs, within 30 s."""
    from portal.commands.noting import note_master_keys
    from portal.runtime import close_portal, get_portal
    from portal.web.metrics import start_metrics

    configure_logging()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    portal = get_portal()
    note_master_keys(portal)
    portal.start_workers("worker")
    metrics = start_metrics(portal.db, portal.settings.metrics_port)
    print("Worker ready.", file=sys.stderr, flush=True)
    stop.wait()
    if metrics is not None:
        metrics.close()
    if not close_portal():
        _leave(0)
    return 0


def _end_in_order() -> None:
    """SIGTERM as Ctrl-C: uvicorn raises a caught signal again after its stop, and the default one would end this
    process at once: with the signal as its status, and before the demo has ended its practice merchant."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _ended(status: int) -> int:
    """The status, unless exports were handed over."""
    from portal.web.services import services

    if services.handed_over.is_set():
        _leave(status)
    return status


def _leave(status: int) -> NoReturn:
    """End now: what still runs here was handed over, and its threads would hold the process up."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _few_arenas() -> None:
    """Two heaps for all threads instead of eight a core (glibc): one thread runs at a time anyway, and what each heap
    keeps for itself adds up (measured 6 MiB of 240)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def _serve(
    settings: Settings,
    prepare: Callable[[], None],
    ready: Callable[[], None],
    prepared: Callable[[], object] = lambda: None,
) -> int:
    """Run the ASGI app under uvicorn in this process until SIGINT or SIGTERM.

    The port is open before the app is imported (`portal.web.early_door`), the sign-in page is served before the
    services are loaded; what needs them waits until `prepare` has run and `prepared` is done. Then `ready` is called.
    Raises what kept it from starting.
    """
    import uvicorn

    configure_logging()
    _few_arenas()
    os.chdir(PROJECT_ROOT)  # Streamlit reads .streamlit/config.toml from the working folder

    def load() -> ASGIApp:
        gc.disable()  # what is imported stays: looking through it again and again takes a tenth of the start
        from portal.asgi import app
        from portal.web.services import services

        services.later = True
        return app

    def behind() -> None:
        from portal.asgi import warm_up
        from portal.runtime import opening
        from portal.web.services import services
        from portal.web.turns import turns

        try:
            with giving_way(lambda: door.lively or turns.busy):
                with opening():
                    prepare()
                    services.open()
                    prepared()
                ready()
                warm_up()
        finally:
            gc.freeze()
            gc.enable()

    def give_up() -> None:
        server.should_exit = True

    door = EarlyDoor(load, behind, give_up)
    server = uvicorn.Server(
        uvicorn.Config(
            door,
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,  # addresses carry ids (SEC-30)
            server_header=False,
            proxy_headers=False,  # the gate believes X-Forwarded-For from PORTAL_TRUSTED_PROXIES alone
            timeout_graceful_shutdown=GRACE_SECONDS,
            loop="portal.web.loop:calm_loop",
            ws_max_size=64 * 1024 * 1024,
            ws_per_message_deflate=False,  # as in Streamlit's own server: costs a third of the loop's time
        )
    )
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn re-raises the signal after an orderly stop
        server.run()
    if door.failure is not None:
        raise door.failure
    return 0 if server.started else 1
