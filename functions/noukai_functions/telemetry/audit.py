"""The audit log: who has changed what, one line each.

The functions that change something on a caller's behalf have the audit log group as their own log, so that a
line costs no request and no other function's log holds one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, Self

AUDIT = "audit"
"""The message of every line."""


class Caller(Protocol):
    """The API key of a caller."""

    @property
    def org(self) -> str:
        """Return its org."""

    @property
    def name(self) -> str:
        """Return its name."""


@dataclass(frozen=True, slots=True)
class AuditLog:
    """The audit log of a function."""

    level: str = "INFO"
    """The level of the lines. Lambda drops lines below the level of the function's log."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings from a function's environment."""
        return cls(environment.get("LOG_LEVEL", "INFO"))

    def write(self, action: str, caller: Caller, request_id: str, at: int, **about: object) -> None:
        """Write who (the org and the name of its key) did what; `at` is in milliseconds."""
        timestamp = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
        line = {
            "level": self.level,
            "timestamp": timestamp.replace("+00:00", "Z"),
            "message": AUDIT,
            "action": action,
            "org": caller.org,
            "key": caller.name,
            "request_id": request_id,
            **about,
        }
        print(json.dumps(line, separators=(",", ":")), flush=True)  # noqa: T201
