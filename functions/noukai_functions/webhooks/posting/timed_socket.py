"""A connection whose every operation ends by one deadline, and that receives so much and no more."""

import io
from socket import socket
from typing import TYPE_CHECKING

from noukai_functions.webhooks.posting.deadline import Deadline

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_RECEIVED_BYTES = 65_536


class TooLongError(Exception):
    """An answer that sends more than anyone reads."""


class _Reader(io.BufferedReader):
    """A reader that stays open when an interim answer is done with: the next answer follows in it."""

    def close(self) -> None:
        """Do nothing: the connection is closed by its owner."""


class TimedSocket(io.RawIOBase):
    """A connected socket as `http.client` uses it. The poster that connected it closes it."""

    def __init__(self, connection: socket, deadline: Deadline) -> None:
        self._connection = connection
        self._received = 0
        self._reader = _Reader(self)
        self.deadline = deadline

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read what is there, waiting for something until the deadline; return the number of bytes."""
        self._connection.settimeout(self.deadline.remaining())
        size = self._connection.recv_into(buffer)
        self._received += size
        if self._received > MAX_RECEIVED_BYTES:
            raise TooLongError(
                f"the answer is longer than {MAX_RECEIVED_BYTES} bytes before its body is read"
            )
        return size

    def sendall(self, data: bytes) -> None:
        """Send all; a receiver that takes a byte at a time gains no time."""
        rest = memoryview(data)
        while rest:
            self._connection.settimeout(self.deadline.remaining())
            rest = rest[self._connection.send(rest) :]

    def makefile(self, _mode: str = "rb") -> io.BufferedReader:
        """Return the one reader, which keeps what it has read ahead."""
        return self._reader
