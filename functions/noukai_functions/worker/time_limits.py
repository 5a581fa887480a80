"""The time limits of a worker."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """The time limits of a worker, in milliseconds."""

    lease_ms: int
    """The length of a lease: how long an attempt counts as alive without a heartbeat."""
    import_ms: int
    """The time limit for importing a flow's module."""
    grace_ms: int
    """The grace period between a flow's interruption and its kill."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Read the time limits from a function's environment."""

        def read(name: str, default: str) -> int:
            return int(float(environment.get(name, default)) * 1000)

        return cls(read("LEASE_SECONDS", "60"), read("IMPORT_SECONDS", "60"), read("GRACE_SECONDS", "10"))
