"""A mailbox that speaks as much of IMAP4rev1 (RFC 3501) over TLS as `mail poll` asks for."""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

USER, PASSWORD = "bounces", "kettle-marble-22"


@dataclass
class Mailbox:
    """`refused` names commands that are answered NO, `asked` those that came."""

    messages: list[bytes] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    deleted: set[int] = field(default_factory=set)

    def answer(self, command: str, rest: str) -> tuple[list[bytes], str]:
        """Untagged lines, and the end of the tagged one."""
        self.asked.append(command)
        if command in self.refused or (command == "LOGIN" and rest != f'{USER} "{PASSWORD}"'):
            return [], "NO not now"
        number = int(rest.split()[0]) if command in ("FETCH", "STORE") else 0
        match command:
            case "CAPABILITY":
                return [b"CAPABILITY IMAP4rev1"], "OK done"
            case "SELECT":
                return [b"%d EXISTS" % len(self.messages)], "OK [READ-WRITE] done"
            case "SEARCH":
                return [b" ".join([b"SEARCH", *(b"%d" % n for n in range(1, len(self.messages) + 1))])], "OK done"
            case "FETCH":
                longest = int(re.fullmatch(r"\d+ \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest)[1])  # type: ignore[index]
                part = self.messages[number - 1][:longest]
                return [b"%d FETCH (BODY[]<0> {%d}\r\n%b)" % (number, len(part), part)], "OK done"
            case "STORE":
                self.deleted.add(number)
                return [], "OK done"
            case "EXPUNGE":
                self.messages = [one for at, one in enumerate(self.messages, 1) if at not in self.deleted]
                self.deleted.clear()
                return [], "OK done"
            case "LOGIN":
                return [], "OK done"
            case "LOGOUT":
                return [b"BYE"], "OK done"
        return [], "BAD unknown"


@contextmanager
def imap_server(tls: ssl.SSLContext, messages: list[bytes]) -> Iterator[Mailbox]:
    box = Mailbox(messages)

    class Handler(socketserver.StreamRequestHandler):
        def setup(self) -> None:
            self.request.settimeout(30)
            self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def handle(self) -> None:
            self.wfile.write(b"* OK ready\r\n")
            while line := self.rfile.readline().decode().rstrip("\r\n"):
                tag, command, rest = (*line.split(" ", 2), "")[:3]
                untagged, end = box.answer(command.upper(), rest)
                self.wfile.write(b"".join(b"* " + one + b"\r\n" for one in untagged) + f"{tag} {end}\r\n".encode())
                if command.upper() == "LOGOUT":
                    return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            return  # a client that does not trust the certificate

    with Server(("127.0.0.1", 0), Handler) as server:
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield box
        finally:
            server.shutdown()
