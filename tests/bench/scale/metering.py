"""The metering: what one reader of a shard of the jobs table's stream can count, and what that costs."""

from dataclasses import dataclass

from noukai_infra.planning import limits

_RECORDS = 3
"""Of a job: submitted, started, ended."""

_RECORD_BYTES = 2400
"""As JSON, with the row before and after."""

_CPU_SECONDS = 0.0001
"""Of a whole CPU, to read a record."""

_CALL_SECONDS, _CALL_CPU_SECONDS = 0.004, 0.0003
"""Of a write: `tests/bench/prices.json`."""

_WHOLE_CPU = 1769
_GATHERED_SECONDS = 30
_BUDGET_SECONDS = 20


@dataclass(frozen=True)
class Metering:
    """The readers of all shards, each with its jobs a second of so many orgs with a flow each."""

    shards: int
    memory: int
    batch: int
    orgs: int

    def jobs_in_a_batch(self, jobs_per_second: float) -> float:
        """Return how many jobs a batch has, at a rate of one shard."""
        most = min(self.batch, limits.STREAM_PAYLOAD / _RECORD_BYTES) / _RECORDS
        return max(1.0, min(most, jobs_per_second * _GATHERED_SECONDS))

    def writes(self, jobs: float) -> float:
        """Return the writes for a batch: one for each org that has some of its jobs."""
        share: float = (1 - 1 / self.orgs) ** jobs
        return max(1.0, self.orgs * (1 - share))

    def budget_reads(self, jobs_per_second: float) -> float:
        """Return how many budgets a reader reads in a second: each org's is cached for twenty."""
        return min(self.orgs / _BUDGET_SECONDS, jobs_per_second)

    def seconds(self, jobs_per_second: float) -> float:
        """Return how long a reader needs for the jobs of a second."""
        jobs = self.jobs_in_a_batch(jobs_per_second)
        cpu = max(1.0, _WHOLE_CPU / self.memory)
        calls = self.writes(jobs) * (_CALL_SECONDS + _CALL_CPU_SECONDS * cpu)
        budgets = self.budget_reads(jobs_per_second) * (_CALL_SECONDS + _CALL_CPU_SECONDS * cpu)
        return jobs_per_second * (_RECORDS * _CPU_SECONDS * cpu + calls / jobs) + budgets

    def most(self) -> float:
        """Return the jobs a second that all readers can count."""
        low, high = 0.0, 10_000.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if self.seconds(middle) <= 1 else (low, middle)
        return low * self.shards
