"""The cost of ended jobs' rows: counting, sweeping and storing them."""

from typing import Any

from noukai_functions.jobs.row import NAMES
from noukai_functions.jobs.sweep_rounds import ROUND_MS
from noukai_functions.names import INDEX_ORDER, INDEX_PARTITION
from noukai_infra.stack.base.stream import GATHERED_SECONDS
from tests.bench import prices
from tests.bench.account.capacity import KB, item_bytes

_DAY_SECONDS = 24 * 3600
_MONTH_DAYS = 365 / 12


def swept_units(row: dict[str, Any]) -> float:
    """Return the units that all sweeps read of a row; their pages are not rounded up by row."""
    return _days(row) * _DAY_SECONDS * 1000 / ROUND_MS * item_bytes(row) / (2 * 4 * KB)


def counted_together() -> float:
    """Return the average number of jobs in a batch: one opens it, others join while it gathers."""
    a_second = prices.assumed("jobs_a_month") / (_MONTH_DAYS * _DAY_SECONDS) / prices.assumed("shards")
    return 1 + a_second * GATHERED_SECONDS


def kept_bytes(row: dict[str, Any], *, index: bool = True) -> float:
    """Return the byte-months of a row, with or without its index entry."""
    entry = {name: row[name] for name in ("id", INDEX_PARTITION, INDEX_ORDER)}
    sizes = [item_bytes(each) + prices.assumed("item_bytes") for each in [row, *([entry] if index else [])]]
    return sum(sizes) * _days(row) / _MONTH_DAYS


def _days(row: dict[str, Any]) -> float:
    """Return the days until DynamoDB deletes an ended row."""
    return int(row[NAMES["keep_seconds"]]["N"]) / _DAY_SECONDS + prices.assumed("deletion_days")
