"""The snapshots that a template makes Lambda keep, and what they cost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

USD_PER_CACHED_GB_SECOND = 0.0000015046
USD_PER_RESTORED_GB = 0.0001397998
"""SnapStart for Python in us-east-1: https://aws.amazon.com/lambda/pricing/."""

_MONTH_SECONDS = 30 * 24 * 60 * 60
_MB_IN_A_GB = 1024


@dataclass(frozen=True)
class Snapshot:
    """The snapshot of a function: its logical name, and its memory in GB."""

    function: str
    gigabytes: float

    @property
    def usd(self) -> float:
        """Return what one version costs in USD a month."""
        return self.gigabytes * USD_PER_CACHED_GB_SECOND * _MONTH_SECONDS

    @property
    def says(self) -> str:
        """Return which function it is, and what restores cost."""
        restores = self.gigabytes * USD_PER_RESTORED_GB * 1000
        return f"{self.function}, as much for each version that is kept, {restores:.2f} per 1000 restores"


def snapshots(template: Mapping[str, Any]) -> Iterator[Snapshot]:
    """Yield the snapshot of each function that has SnapStart."""
    for name, each in template.get("Resources", {}).items():
        if each["Type"] == "AWS::Lambda::Function" and "SnapStart" in each["Properties"]:
            yield Snapshot(name, each["Properties"]["MemorySize"] / _MB_IN_A_GB)
