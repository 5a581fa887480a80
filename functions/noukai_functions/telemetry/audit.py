"""The audit log: who has changed what, one line each.

The functions that change something on a caller's behalf have the audit log group as their own log, so that a
line costs no request and no other function's log holds one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

AUDIT = "audit"
"""The message of every line."""


@dataclass(frozen=True, slots=True)
class AuditLog:
    """The audit log of a function; unless it is on, nothing is written."""

    is_on: bool
    level: str = "INFO"
    """The level of the lines. Lambda drops lines below the level of the function's log."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings from a function's environment."""
        return cls(environment.get("AUDIT") == "on", environment.get("LOG_LEVEL", "INFO"))

    def write(self, action: str, at: int, *, org: str, key: str, request_id: str, **about: object) -> None:
        """Write who (the org and the name of its key) did what; `at` is in milliseconds."""
        if not self.is_on:
            return
        moment = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
        line = {
            "level": self.level,
            "timestamp": moment.replace("+00:00", "Z"),
            "message": AUDIT,
            "action": action,
            "org": org,
            "key": key,
            "request_id": request_id,
            **about,
        }
        print(json.dumps(line, separators=(",", ":")), flush=True)  # noqa: T201
