"""The metrics of jobs, from the stream of the jobs table. Pure, but for the lines that it writes.

The function that reads the stream anyway writes one line per batch, worker kind and perhaps flow, with the
values of all its jobs.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.jobs.row import decode
from noukai_functions.names import (
    CANARY_KIND,
    DEFAULT_KIND,
    ENDED,
    FAILED_SHARE,
    LATENESS,
    RAN,
    RETRIED,
    STARTED,
    STATE,
    SUBMITTED,
    WAITED,
)
from noukai_functions.refusals import UnreadableRowError
from noukai_functions.telemetry.emf import Metrics
from noukai_functions.usage.records import is_restored

if TYPE_CHECKING:
    from noukai_functions.catalog.entries import Catalog
    from noukai_functions.telemetry.emf import Value

Figures = dict[str, list[int]]
"""The values of each metric."""

Record = Mapping[str, Any]


def is_start(record: Record) -> bool:
    """Return whether a record shows that an attempt has started, which no usage is counted for."""
    return bool(record.get("dynamodb", {}).get("NewImage", {}).get(STATE) == {"S": State.RUNNING.value})


@dataclass(frozen=True, slots=True)
class JobMetrics:
    """The metrics of a batch of the stream."""

    metrics: Metrics
    catalog: "Callable[[], Catalog]"
    """Called only when there are metrics to write."""

    def write(self, records: Iterable[Record], now: int) -> None:
        """Write the metrics of records, as of the last record's time."""
        if self.metrics.namespace is None:
            return
        figures: dict[tuple[str, str | None], Figures] = defaultdict(lambda: defaultdict(list))
        at = 0
        for record in records:
            try:
                if not is_restored(record):
                    at = max(at, int(record["dynamodb"].get("ApproximateCreationDateTime", 0) * 1000))
                    self._add(record["dynamodb"], figures)
            except (UnreadableRowError, KeyError, TypeError, ValueError, AttributeError):
                continue  # the counting has logged it
        for (kind, flow), values in figures.items():
            self.metrics.write(_summed(values), at or now, kind=kind, flow=flow)

    def _add(self, change: Mapping[str, Any], figures: dict[tuple[str, str | None], Figures]) -> None:
        old = decode(change["OldImage"]) if "OldImage" in change else None
        new = decode(change["NewImage"])
        has_own = self.metrics.has_flow(new.flow)
        kind = f"{self._kind(new.flow)}{CANARY_KIND if new.canary else ''}"
        into = figures[kind, new.flow if has_own else None]
        for name, value in figures_of(old, new).items():
            if name != FAILED_SHARE or has_own:
                into[name].append(value)

    def _kind(self, flow: str) -> str:
        entry = self.catalog().flows.get(flow)
        return (entry.worker_kind if entry else None) or DEFAULT_KIND


def figures_of(old: Job | None, new: Job) -> dict[str, int]:
    """Return the values of one change of a job."""
    if new.state is State.PENDING:
        return {SUBMITTED: 1}
    if old is None or old.is_terminal:
        return {}
    if new.state is State.RUNNING:
        return _of_start(old, new)
    ran = {} if new.ran_ms is None else {RAN: new.ran_ms}
    retried = {RETRIED: new.attempt - 1} if new.attempt > 1 else {}
    return {ENDED[new.state.value]: 1, **retried, **ran, FAILED_SHARE: int(new.state is State.FAILED)}


def _of_start(old: Job, new: Job) -> dict[str, int]:
    claimed_at = new.claimed_at or new.created_at
    late = max(0, claimed_at - max(old.created_at, old.not_before or 0))
    first = {WAITED: claimed_at - new.created_at} if new.attempt == 1 else {}
    return {STARTED: 1, LATENESS: late, **first}


def _summed(figures: Figures) -> "dict[str, Value]":
    """Add up what is counted; keep each time and each share, whose distribution matters."""
    return {name: values if name in _KEPT else sum(values) for name, values in figures.items()}


_KEPT = frozenset({WAITED, RAN, LATENESS, FAILED_SHARE})
