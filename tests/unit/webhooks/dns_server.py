"""A name server on loopback that answers as a test says."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address

V4, V6, CNAME = 1, 28, 5
NO_SUCH_NAME, SERVER_FAILED = 3, 2
TRUNCATED = 0x0200

Answering = Callable[[bytes, int, str], bytes | Sequence[bytes] | None]
"""Return the packets that follow a question of a kind that came by a protocol; None is silence."""


def reply(
    question: bytes, addresses: Sequence[str] = (), *, code: int = 0, flags: int = 0, before: bytes = b""
) -> bytes:
    """Return the reply to a question; `before` is a record that stands before the addresses."""
    count = len(addresses) + bool(before)
    head = question[:2] + struct.pack(">HHHHH", 0x8180 | flags | code, 1, count, 0, 0)
    return head + question[12:] + before + b"".join(map(record, addresses))


def record(address: str) -> bytes:
    """Return the record of an address, under the name that was asked for."""
    packed = ip_address(address).packed
    return b"\xc0\x0c" + struct.pack(">HHIH", V4 if len(packed) == 4 else V6, 1, 0, len(packed)) + packed


def alias(name: str) -> bytes:
    """Return the record of another name."""
    data = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    return b"\xc0\x0c" + struct.pack(">HHIH", CNAME, 1, 0, len(data)) + data


def addressed(v4: Sequence[str] = (), v6: Sequence[str] = ()) -> Answering:
    """Return an answering with the same addresses for any name."""
    return lambda question, kind, _protocol: reply(question, v4 if kind == V4 else v6)


class NameServer:
    """A server by packets and streams; `asked` holds the kinds and protocols of its questions."""

    def __init__(self, answer: Answering) -> None:
        self._answer = answer
        self.asked: list[tuple[int, str]] = []
        self.stream = socket.create_server(("127.0.0.1", 0))
        self.address = self.stream.getsockname()
        self.packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.packets.bind(self.address)

    def answer(self, question: bytes, protocol: str) -> Sequence[bytes]:
        """Return the packets that a test wants."""
        kind = struct.unpack(">H", question[-4:-2])[0]
        self.asked.append((kind, protocol))
        answer = self._answer(question, kind, protocol) or []
        return [answer] if isinstance(answer, bytes) else answer

    def serve_packets(self) -> None:
        """Answer until a packet says that the test is over."""
        while (received := self.packets.recvfrom(4096))[0]:
            question, sender = received
            for answer in self.answer(question, "udp"):
                self.packets.sendto(answer, sender)

    def serve_streams(self) -> None:
        """Answer until a connection brings no question."""
        while True:
            connection, _ = self.stream.accept()
            with connection:
                question = connection.recv(4096)[2:]
                if not question:
                    return
                for answer in self.answer(question, "tcp"):
                    connection.sendall(struct.pack(">H", len(answer)) + answer)


@contextmanager
def name_server(answer: Answering) -> Iterator[NameServer]:
    """Run a name server."""
    server = NameServer(answer)
    threads = [threading.Thread(target=each) for each in (server.serve_packets, server.serve_streams)]
    with server.packets, server.stream:
        for thread in threads:
            thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"", server.address)
            socket.create_connection(server.address).close()
            for thread in threads:
                thread.join()
