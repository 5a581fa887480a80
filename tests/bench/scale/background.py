"""The work of the background tasks for each job, by rate."""

from collections.abc import Mapping
from dataclasses import dataclass

from noukai_infra.planning import limits
from noukai_infra.planning.load import ROW_BYTES, SUBMISSION_SECONDS, Load
from noukai_infra.settings import Settings
from tests.bench.scale.metering import Metering

_DAY_SECONDS = 86_400
_READ_BYTES = 8192
"""Of an eventually consistent read unit."""

_CACHE_SECONDS = 20
"""How long a budget is cached."""

_PROCESS_SECONDS = 3 * 3600
"""How long a process lives; a guess, for want of a published figure."""

_SHARD_SECONDS = 4 * 3600
"""How long a shard is written to: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html."""

_OPEN_DAYS, _TOTAL_BYTES = 3, 200
_CHECKED_SECONDS, _TICK_SECONDS, _RUN_SECONDS = 60, 60, 15 * 60


@dataclass(frozen=True)
class Background:
    """The background tasks of a stack at a steady rate."""

    settings: Settings
    load: Load
    metering: Metering

    def per_job(self) -> Mapping[str, float]:
        """Return the work of each task for a job, in what it is billed by."""
        rate, shards = self.load.jobs_per_second, self.metering.shards
        together = self.metering.jobs_in_a_batch(rate / shards)
        reading = self.metering.budget_reads(rate / shards) * shards + self._submission_reads()
        return {
            "metering, invocations": 1 / together,
            "metering, writes": self.metering.writes(together) / together,
            "budgets, read units": reading / 2 / rate,
            "unfinished jobs counted, read units": self._counted() / rate,
            "sweep, read units": self._swept(),
            "sweep, runs": self.settings.scale.sweep_segments / _RUN_SECONDS / rate,
            "queue check, requests": self.settings.worker.queues / _CHECKED_SECONDS / rate,
            "tick, invocations": 1 / _TICK_SECONDS / rate,
        }

    @property
    def round_hours(self) -> float:
        """Return how long a sweep of the whole table takes."""
        return self.load.kept_bytes / self.settings.scale.sweep_segments / limits.SCANNED_BYTES / 3600

    def _submission_reads(self) -> float:
        """Return the budgets that the submitting processes read in a second."""
        rate = self.load.jobs_per_second
        processes = max(1.0, rate * max(SUBMISSION_SECONDS, 1 / limits.REQUESTS_PER_EXECUTION))
        calls, orgs = rate / processes * _CACHE_SECONDS, self.metering.orgs
        unseen: float = (1 - 1 / orgs) ** calls
        return processes * max(min(1.0, calls), orgs * (1 - unseen)) / _CACHE_SECONDS

    def _counted(self) -> float:
        """Return the read units a second of new processes that count an org's unfinished jobs once."""
        shards, orgs = self.metering.shards, self.metering.orgs
        totals = _OPEN_DAYS * shards * _DAY_SECONDS / _SHARD_SECONDS
        units = max(1.0, totals * _TOTAL_BYTES / (_READ_BYTES / 2))
        met = min(orgs, self.load.jobs_per_second / shards * _PROCESS_SECONDS)
        return shards * met / _PROCESS_SECONDS * units

    def _swept(self) -> float:
        """Return the read units of a row while it is kept: a round a day, or as long as it takes."""
        rounds = self.load.keep_days * 24 / max(24.0, self.round_hours)
        return rounds * ROW_BYTES / _READ_BYTES
