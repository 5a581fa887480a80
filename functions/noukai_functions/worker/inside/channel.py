"""The pipes between a flow process and its worker, from the process's side."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from os import _exit, read, set_blocking, write

from noukai_functions.worker.exchange import Answer, Call, Moment, parsed
from noukai_functions.worker.inside.descriptors import identity_of, moved_up

BROKEN = 83
"""The exit status of a process that has lost its pipes."""

_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class _End:
    """A pipe's end, identified by more than its number, which may be reused."""

    number: int
    identity: tuple[int, int]

    @classmethod
    def of(cls, descriptor: int) -> "_End":
        moved = moved_up(descriptor)
        return cls(moved, identity_of(moved))

    def check(self) -> int:
        """Return the descriptor; exit if the flow has closed or reused it, since no call can follow."""
        try:
            if identity_of(self.number) == self.identity:
                set_blocking(self.number, True)
                return self.number
        except OSError:
            pass
        _exit(BROKEN)


class Channel:
    """A channel that reads calls and writes answers; forked children of a flow have none."""

    def __init__(self, calls: int, answers: int) -> None:
        self._calls, self._answers = _End.of(calls), _End.of(answers)
        self._unread = b""
        os.register_at_fork(after_in_child=self._close)

    @property
    def descriptors(self) -> set[int]:
        """Return the descriptors of both ends."""
        return {self._calls.number, self._answers.number}

    def next_call(self, heed: Callable[[Moment], Answer] | None = None) -> tuple[Call, str] | None:
        """Wait for the next call and its token; return None after the last call.

        `heed` answers a notice that comes before the call.
        """
        while (line := self._next_line()) is not None:
            message, token = parsed(line)
            if isinstance(message, Call):
                return message, token
            if heed:
                self.say(heed(message.moment), token)
        return None

    def _next_line(self) -> bytes | None:
        calls = self._calls.check()
        while b"\n" not in self._unread:
            data = read(calls, _CHUNK_BYTES)
            if not data:
                return None
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def say(self, answer: Answer, token: str) -> None:
        """Write the answer to the call with this token."""
        left = memoryview(answer.line(token))
        while left:
            left = left[write(self._answers.check(), left) :]

    def _close(self) -> None:
        """Close both ends in a child; otherwise the worker would wait for the child too."""
        for end in (self._calls, self._answers):
            try:
                if identity_of(end.number) == end.identity:
                    os.close(end.number)
            except OSError:
                continue
