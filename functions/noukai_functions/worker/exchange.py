"""The messages between a worker and its flow processes: calls, answers with outcomes, and progress.

Calls and answers are lines. An answer begins with the secret token of its call: a flow can write to any of
its descriptors, so a line without the token is dropped. `answers_to` is the worker's side of an exchange.
"""

import mmap
import signal
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from json import dumps, loads
from secrets import token_hex
from typing import Any, Literal

from noukai.flow.runtime import Raised, Returned
from noukai_functions.jobs.lifecycle import Payload
from noukai_wire.text import cut

INTERRUPT = signal.SIGTERM
"""The signal that interrupts the call of a flow process."""

Outcome = Returned | Payload | Raised
"""How a flow's run ended; a flow that returned what is too large for a row has left it as an object."""

_KINDS: dict[str, type[Outcome]] = {kind.__name__: kind for kind in (Returned, Payload, Raised)}

_BOARD_BYTES = 4096
_HEADER = struct.Struct("=II")


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt of the job `id`.

    `until` is in milliseconds on the deployment's clock. The call holds either the arguments, or in `input`
    the reference to uploaded ones.
    """

    flow: str
    """`project/flow`."""
    id: str
    org: str
    attempt: int
    created_at: int
    keep_seconds: int
    timeout_ms: int
    """Measured from the flow's begin."""
    until: int
    """The end of the attempt, however late its flow begins."""
    folder: str
    """The scratch folder for its temporary files."""
    arguments: Mapping[str, Any]
    input: str | None = None
    version: str | None = None
    """The version of the flows at the job's submission."""
    traceparent: str | None = None
    tracestate: str | None = None

    def line(self, token: str) -> bytes:
        """Return the call as a line, with the token that its answer must begin with."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return dumps({**values, "token": token}).encode() + b"\n"


Moment = Literal["before_snapshot", "after_restore"]
"""When a flow process runs the hooks of its libraries, in a function with SnapStart."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to an idle process that a snapshot is about to be taken, or was restored."""

    moment: Moment

    def line(self, token: str) -> bytes:
        """Return the notice as a line, with the token that its answer must begin with."""
        return dumps({"moment": self.moment, "token": token}).encode() + b"\n"


def parsed(line: bytes) -> tuple[Call | Notice, str]:
    """Parse a line into the call or the notice, and the token for its answer."""
    values = loads(line)
    token = values.pop("token")
    return (Notice(**values) if "moment" in values else Call(**values)), token


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a call, or of the import before the first call.

    `outcome` is None after a successful import.
    """

    outcome: Outcome | None = None
    is_clean: bool = False
    """Whether another attempt may run in this process."""

    def line(self, token: str) -> bytes:
        """Return the answer as a line of its own, whatever was written before."""
        outcome = self.outcome
        said = None if outcome is None else {type(outcome).__name__: asdict(outcome)}
        return f"\n{token} {dumps([said, self.is_clean])}\n".encode()

    @classmethod
    def read(cls, line: bytes, token: str) -> "Answer | None":
        """Parse a line; return None if it does not begin with the token."""
        begin = token.encode() + b" "
        if not line.startswith(begin):
            return None
        try:
            said, is_clean = loads(line[len(begin) :])
            return cls(None if said is None else _outcome_of_kind(said), bool(is_clean))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return cls(Raised("ProcessDied: the flow's process sent an unreadable answer"))


def answers_to(
    call: Call | Notice | None, talk: Callable[[bytes], Iterator[bytes | None]], import_token: str | None
) -> Iterator[Answer | None]:
    """Send a call, and yield the answer to it; first the import's, if its token is given.

    `talk` sends a line, and yields the lines received. It also yields None now and then, which is passed on.
    """
    token = token_hex(8)
    lines = talk(call.line(token) if call else b"")
    if import_token:
        yield from _answer_among(lines, import_token)
    if call:
        yield from _answer_among(lines, token)


def _answer_among(lines: Iterator[bytes | None], token: str) -> Iterator[Answer | None]:
    """Yield each None among the lines, and at last the answer that begins with the token."""
    for line in lines:
        answer = None if line is None else Answer.read(line, token)
        if line is None or answer:
            yield answer
        if answer:
            return


def _outcome_of_kind(said: Mapping[str, Any]) -> Outcome:
    """Make an outcome of its kind's name and its values."""
    ((kind, values),) = said.items()
    return _KINDS[kind](**values)


class ProgressBoard:
    """A board that holds one progress report, replaced by the next.

    A flow may report in a tight loop and then stop: a pipe would fill, and dropping reports could drop the
    last one. Anonymous memory needs no `/dev/shm`, which Lambda lacks.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _BOARD_BYTES)

    def write(self, progress: Mapping[str, Any]) -> None:
        """Replace the report; raise if it does not fit."""
        text = dumps(progress).encode()
        if len(text) > _BOARD_BYTES - _HEADER.size:
            raise ValueError(
                f"the progress is {len(text)} bytes of JSON; "
                f"at most {_BOARD_BYTES - _HEADER.size} are allowed"
            )
        self._memory[_HEADER.size : _HEADER.size + len(text)] = text
        self._memory[: _HEADER.size] = _HEADER.pack(len(text), zlib.crc32(text))

    def read(self) -> Mapping[str, Any] | None:
        """Return the report; None if there is none, or if it is invalid or half written."""
        length, checksum = _HEADER.unpack(self._memory[: _HEADER.size])
        text = self._memory[_HEADER.size : _HEADER.size + length]
        if not length or zlib.crc32(text) != checksum:
            return None
        try:
            progress = loads(text)
        except (ValueError, RecursionError):  # a flow can write anything to this memory
            return None
        return progress if _is_report(progress) else None

    def clear(self) -> None:
        """Clear the report."""
        self._memory[: _HEADER.size] = bytes(_HEADER.size)

    def close(self) -> None:
        """Release the memory."""
        self._memory.close()


def _is_report(said: object) -> bool:
    """Return whether it is a valid report, as `Context.progress` would write it."""
    if not isinstance(said, dict) or not said.keys() <= {"percent", "message"}:
        return False
    percent, message = said.get("percent", 0), said.get("message", "")
    return (
        type(percent) in (int, float)
        and 0 <= percent <= 100  # noqa: PLR2004 - per cent
        and isinstance(message, str)
        and cut(message) == message
    )
