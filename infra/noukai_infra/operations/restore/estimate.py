"""The cost estimate of a restore."""

from dataclasses import dataclass
from math import ceil

_USD_PER_GB = 0.15
"""Restored to a point in time: https://aws.amazon.com/dynamodb/pricing/on-demand/"""
_USD_PER_READ_UNIT, _USD_PER_WRITE_UNIT = 0.125e-6, 0.625e-6
_GB, _READ_BYTES, _WRITTEN_BYTES = 2**30, 4096, 1024


@dataclass(frozen=True)
class Size:
    """The size of a table by DynamoDB, some hours old."""

    rows: int
    bytes: int

    def usd(self) -> tuple[float, float]:
        """Estimate the least and the most: both tables are scanned, and no row or every row is written."""
        scans = 2 * ceil(self.bytes / _READ_BYTES)
        looks = 2 * max(self.rows, ceil(self.bytes / _READ_BYTES))
        least = self.bytes / _GB * _USD_PER_GB + (scans + looks) * _USD_PER_READ_UNIT
        # A created or deleted row is also written to the index.
        written = max(self.rows, ceil(self.bytes / _WRITTEN_BYTES)) + 2 * self.rows
        return least, least + written * _USD_PER_WRITE_UNIT
