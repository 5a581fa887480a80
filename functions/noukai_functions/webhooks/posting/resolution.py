"""The addresses of a name, asked of the machine's name servers within a deadline.

The system's own resolver cannot be stopped: a thread that waits for it would outlive the deadline.
"""

import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from noukai_functions.webhooks.addresses import Address, address_of
from noukai_functions.webhooks.posting.deadline import Deadline
from noukai_functions.webhooks.posting.dns_messages import (
    Kind,
    Reply,
    UnreadableReplyError,
    question_of,
    reply_of,
)

Server = tuple[str, int]

_WAITS = (1.0, 2.0, 4.0)
"""How many seconds each round of questions waits for its replies, because packets get lost."""
CONFIGURATION = Path("/etc/resolv.conf")
_DNS_PORT = 53
_MAX_SERVERS = 3
_MAX_PACKET = 65_535
_NO_ERROR, _NO_SUCH_NAME = 0, 3


class UnresolvedError(Exception):
    """A name without an address."""


class Resolver:
    """The name servers of this machine, or those given."""

    def __init__(self, servers: Sequence[Server] = (), waits: Sequence[float] = _WAITS) -> None:
        self._given = tuple(servers)
        self._waits = waits

    @cached_property
    def _servers(self) -> tuple[Server, ...]:
        return self._given or servers_of(CONFIGURATION)

    def addresses(self, name: str, deadline: Deadline) -> tuple[Address, ...]:
        """Return every address of a name, IPv4 first.

        Raises:
            UnresolvedError: the name has no address, or no name server answers.
            TimeoutError: the deadline is over.
        """
        replies: dict[Kind, Reply] = {}
        for number, wait in enumerate(self._waits if self._servers else ()):
            server = self._servers[number % len(self._servers)]
            replies |= _asked(
                server, name, [kind for kind in Kind if kind not in replies], deadline.within(wait)
            )
            deadline.remaining()
            # A server that is silent about one kind only is not waited for: what is not known is not used.
            if len(replies) == len(Kind) or any(reply.addresses for reply in replies.values()):
                break
        found = [address for kind in Kind if kind in replies for address in replies[kind].addresses]
        if not found:
            known = len(replies) == len(Kind)
            raise UnresolvedError(
                f"{name} has no address" if known else f"no name server answers about {name}"
            )
        return tuple(dict.fromkeys(found))


def servers_of(configuration: Path) -> tuple[Server, ...]:
    """Return the name servers that a `resolv.conf` names."""
    try:
        lines = [line.split() for line in configuration.read_text(errors="replace").splitlines()]
    except OSError:
        return ()
    named = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    return tuple((each, _DNS_PORT) for each in named if address_of(each))[:_MAX_SERVERS]


def _asked(server: Server, name: str, kinds: Sequence[Kind], deadline: Deadline) -> dict[Kind, Reply]:
    """Ask a server for some kinds of addresses at once; return the replies that came in time."""
    replies: dict[Kind, Reply] = {}
    # Numbers and port are random, and the socket is connected: a stranger's packet is not taken for a reply.
    asked = {secrets.randbelow(0x8000) * 2 + index: kind for index, kind in enumerate(kinds)}
    # An error is a silence: a deadline, a server that is not there, a packet that breaks off.
    with suppress(OSError), _connected(server, socket.SOCK_DGRAM, deadline) as asking:
        for number, kind in asked.items():
            asking.send(question_of(number, name, kind))
        while asked:
            asking.settimeout(deadline.remaining())
            number, reply = _taken(asking.recv(_MAX_PACKET), name, asked)
            if reply is None:
                continue
            kind = asked.pop(number)
            if reply.is_truncated:
                reply = _asked_by_stream(server, name, kind, deadline)
            if reply.code in (_NO_ERROR, _NO_SUCH_NAME):
                replies[kind] = reply
    return replies


def _taken(packet: bytes, name: str, asked: Mapping[int, Kind]) -> tuple[int, Reply | None]:
    """Return the number of a packet and the reply that it holds; None if it answers no question of ours."""
    number = int.from_bytes(packet[:2], "big")
    if number not in asked:
        return number, None
    try:
        return number, reply_of(packet, number, name, asked[number])
    except UnreadableReplyError:
        return number, None


def _asked_by_stream(server: Server, name: str, kind: Kind, deadline: Deadline) -> Reply:
    """Return the whole of a reply that a packet does not hold."""
    number = secrets.randbelow(0x10000)
    question = question_of(number, name, kind)
    with _connected(server, socket.SOCK_STREAM, deadline) as asking:
        asking.sendall(len(question).to_bytes(2, "big") + question)
        size = int.from_bytes(_received(asking, 2, deadline), "big")
        packet = _received(asking, size, deadline)
    try:
        return reply_of(packet, number, name, kind)
    except UnreadableReplyError as error:
        raise OSError(str(error)) from error


@contextmanager
def _connected(server: Server, kind: socket.SocketKind, deadline: Deadline) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, kind) as made:
        made.settimeout(deadline.remaining())
        made.connect(server)
        yield made


def _received(asking: socket.socket, size: int, deadline: Deadline) -> bytes:
    packet = b""
    while len(packet) < size:
        asking.settimeout(deadline.remaining())
        part = asking.recv(size - len(packet))
        if not part:
            raise ConnectionError("the name server closed the connection too early")
        packet += part
    return packet
