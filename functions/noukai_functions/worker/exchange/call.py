"""The call of a flow, sent by the worker to the flow process."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, fields
from json import dumps, loads
from typing import Any

INTERRUPT = signal.SIGTERM
"""The signal that interrupts the call of a flow process."""


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

    def line(self, token: str) -> bytes:
        """Return the call as a line, with the token that its answer must begin with."""
        values = {name: getattr(self, name) for name in _FIELDS}
        return dumps({**values, "token": token}).encode() + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> "tuple[Call, str]":
        """Parse a line into the call and the token for its answer."""
        values = loads(line)
        token = values.pop("token")
        return cls(**values), token


_FIELDS = tuple(field.name for field in fields(Call))
