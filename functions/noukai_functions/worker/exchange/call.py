"""The call of a flow, as a worker sends it to the flow's process."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, fields
from json import dumps, loads
from typing import Any

INTERRUPT = signal.SIGTERM
"""What tells a flow's process that its call must end."""


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt of the job `id`. `until` is on the deployment's clock, in milliseconds.

    The arguments are here, or `input` says where they were uploaded to.
    """

    flow: str
    """`project/flow`."""
    id: str
    org: str
    attempt: int
    created_at: int
    keep_seconds: int
    timeout_ms: int
    """From when the flow begins."""
    until: int
    """When the attempt is over, however late the flow begins."""
    folder: str
    """Where its temporary files go."""
    arguments: Mapping[str, Any]
    input: str | None = None
    version: str | None = None
    """Of the flows to which the job was submitted."""

    def line(self, token: str) -> bytes:
        """Return the call as one line, with the token that its answer must begin with."""
        values = {name: getattr(self, name) for name in _FIELDS}
        return dumps({**values, "token": token}).encode() + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> "tuple[Call, str]":
        """Parse a line into the call and the token of its answer."""
        values = loads(line)
        token = values.pop("token")
        return cls(**values), token


_FIELDS = tuple(field.name for field in fields(Call))
