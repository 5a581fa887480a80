"""The plan: the settings that hold a load, and the quotas that they need."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from noukai_functions.names import INDEX_PARTITIONS
from noukai_infra.planning import limits
from noukai_infra.planning.limits import Quota
from noukai_infra.planning.load import (
    MOST_OF_A_STACK,
    READS,
    SUBMISSION_SECONDS,
    WRITES_AT_SUBMISSION,
    WRITES_AT_WORK,
    Load,
    WholeBursts,
)

_DAY_SECONDS = 86_400
_MOST_QUEUES = 10
_USUAL_SHARDS = 8
_OF_A_PARTITION = 0.8
"""The share of a partition's writes that is planned for, since jobs are not spread quite evenly."""

_WHOLE_CPU = 1769
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""

_BUSY_SHARD = 100
"""Jobs a second of a shard of the stream from which its reader needs a whole CPU and larger batches."""

ROUND_TRIP_SECONDS = 0.1
"""What a held request takes in addition, with its two reads."""

_LEAST_RESERVED = 500
"""Below, held requests may share the concurrency of the account."""

_SPARE = 1.25
"""What is planned for, of what is needed."""


@dataclass(frozen=True)
class Plan:
    """The plan for one stack, or for each of several cells."""

    load: Load

    @classmethod
    def of(cls, load: Load) -> "tuple[int, Plan]":
        """Return how many cells a load needs, and the plan of each."""
        cells = max(1, math.ceil(load.jobs_per_second / MOST_OF_A_STACK))
        rate = load.jobs_per_second / cells
        return cells, cls(Load(rate, load.seconds, load.keep_days, load.memory))

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings, as they stand in `noukai.toml` or `cdk.json`."""
        rate = self._requests
        return {
            "throttle_rate": max(500, rate),
            "throttle_burst": max(1000, rate // 2),
            **({"wait_reserved_concurrency": self._holds} if self._holds >= _LEAST_RESERVED else {}),
            "worker": self._worker,
            **({"scale": scale} if (scale := self._scale) else {}),
        }

    @property
    def quotas(self) -> dict[Quota, int]:
        """Return the quotas to ask for, where the default is too low."""
        scale = self.settings.get("scale", {})
        wanted = {
            limits.CONCURRENCY: self.concurrency,
            limits.GATEWAY_RATE: self.settings["throttle_rate"],
            limits.GATEWAY_BURST: self.settings["throttle_burst"],
            limits.TABLE_WRITES: scale.get("table_writes", 0),
            limits.TABLE_READS: scale.get("table_reads", 0),
        }
        return {quota: count for quota, count in wanted.items() if count > quota.default}

    @property
    def whole_bursts(self) -> "Plan | None":
        """Return the plan that accepts each burst whole; None if this one does."""
        load = self.load
        if load.burst <= load.accepted:
            return None
        return Plan(WholeBursts(load.jobs_per_second, load.seconds, load.keep_days, load.memory))

    @property
    def concurrency(self) -> int:
        """Return the executions that all functions may need at once."""
        submitting = self.load.accepted * max(SUBMISSION_SECONDS, 1 / limits.REQUESTS_PER_EXECUTION)
        shards = self.settings.get("scale", {}).get("stream_shards", _USUAL_SHARDS)
        return _steps(submitting + self._holds + self._workers + shards + 100)

    @property
    def shards(self) -> int:
        """Return how many shards the stream of the jobs table has."""
        return math.ceil(max(limits.NEW_TABLE_WRITES, self._table_writes) / limits.PARTITION_WRITES)

    @property
    def unfinished(self) -> int:
        """Return how many jobs of one org may be unfinished when a burst of a minute has ended."""
        return _steps(self.load.accepted * 120)

    @property
    def _requests(self) -> int:
        """Return the requests a second: submissions as accepted, waits as their jobs end."""
        return _steps(self.load.accepted * _SPARE + self.load.waits * self.load.worked)

    @property
    def _holds(self) -> int:
        return _steps(self.load.worked * (self.load.hold_seconds + ROUND_TRIP_SECONDS))

    @property
    def _workers(self) -> int:
        return max(5, _steps(self.load.worked * self.load.execution_seconds))

    @property
    def _table_writes(self) -> int:
        submitting = self.load.accepted * WRITES_AT_SUBMISSION
        return _steps((submitting + self.load.worked * WRITES_AT_WORK) * _SPARE)

    @property
    def _worker(self) -> dict[str, Any]:
        queues = min(_MOST_QUEUES, math.ceil(self._workers / limits.POLLERS_MOST))
        each = math.ceil(self._workers / queues)
        worker: dict[str, Any] = {"batch_size": self.load.batch_size, "memory": self.load.memory}
        # A queue whose visibility is no longer than a lease needs no request to shorten it.
        worker |= {"timeout": 60} if self.load.batch_size > 1 else {}
        worker |= {"queues": queues} if queues > 1 else {}
        if each <= limits.POLLERS_MOST:
            return {**worker, "max_concurrency": max(5, each)}
        most = min(limits.PROVISIONED_MOST, each) // limits.INVOCATIONS_OF_A_POLLER
        least = max(2, min(200, most // 4))
        return {**worker, "provisioned_pollers": {"minimum": least, "maximum": most}}

    @property
    def _scale(self) -> dict[str, Any]:
        return dict(self._scales())

    def _scales(self) -> Iterator[tuple[str, Any]]:
        accepted = self.load.accepted
        partitions = math.ceil(accepted / (limits.PARTITION_WRITES * _OF_A_PARTITION))
        if partitions > INDEX_PARTITIONS:
            yield "index_partitions", partitions
        if (reads := _steps(READS * accepted)) > limits.NEW_TABLE_READS:
            yield "table_reads", reads
        if self._table_writes > limits.NEW_TABLE_WRITES:
            yield "table_writes", self._table_writes
        if (writes := _steps(accepted * _SPARE)) > limits.NEW_TABLE_WRITES:
            yield "index_writes", writes
        if self.load.worked / self.shards > _BUSY_SHARD:
            yield from {"metering_memory": _WHOLE_CPU, "metering_batch": 10_000}.items()
        if self.shards > _USUAL_SHARDS:
            yield "stream_shards", self.shards
        segments = math.ceil(self.load.kept_bytes / (limits.SCANNED_BYTES * _DAY_SECONDS))
        if segments > 1:
            yield "sweep_segments", min(5, segments)


def _steps(number: float) -> int:
    """Return a number rounded up to two digits."""
    whole = math.ceil(number - 1e-9)
    step = 10 ** max(0, len(str(whole)) - 2)
    return int(-(-whole // step) * step)
