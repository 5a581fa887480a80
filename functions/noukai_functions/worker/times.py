"""The times that a worker keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a worker, in milliseconds."""

    lease_ms: int
    """How long an attempt counts as alive without a heartbeat."""
    import_ms: int
    """How long the import of a flow's module may take."""
    grace_ms: int
    """How long an interrupted flow may take to leave before it is killed."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Read the times of a function's environment."""

        def read(name: str, default: str) -> int:
            return int(float(environment.get(name, default)) * 1000)

        return cls(read("LEASE_SECONDS", "60"), read("IMPORT_SECONDS", "60"), read("GRACE_SECONDS", "10"))
