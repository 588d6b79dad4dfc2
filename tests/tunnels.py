"""A proxy for tests: answers CONNECT on loopback."""

import contextlib
import socket
import threading


class Tunnels:
    """A proxy on loopback: hears each CONNECT whole, answers ``reply``, then leads to ``to`` wherever was asked for."""

    def __init__(self, to: int, reply: bytes = b"HTTP/1.1 200 Connection established\r\nVia: 1.1 shop\r\n\r\n") -> None:
        self.to, self.reply = to, reply
        self.heard: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._lead, args=(self._listener.accept()[0],), daemon=True).start()

    def _lead(self, line: socket.socket) -> None:
        head = b""
        with contextlib.suppress(OSError):
            while b"\r\n\r\n" not in head:
                data = line.recv(1)
                if not data:
                    return
                head += data
            self.heard.append(head)
            line.sendall(self.reply)
            if b" 200 " not in self.reply:
                line.close()
                return
            beyond = socket.create_connection(("127.0.0.1", self.to))
            threading.Thread(target=copy, args=(beyond, line), daemon=True).start()
            copy(line, beyond)

    def close(self) -> None:
        self._listener.close()


def copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
