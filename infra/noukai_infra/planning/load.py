"""The load to plan for, and what each of its jobs needs."""

from dataclasses import dataclass

MOST_OF_A_STACK = 10_000
"""Jobs a second of one stack. Beyond, there are several cells: infra/SCALE.md."""

_BURST = 10

ROW_BYTES = 900
"""A finished row of 300 bytes of input and 500 of result, with what the table and its index add."""

SUBMISSION_SECONDS = 0.03
BATCH_SECONDS, JOB_SECONDS = 0.02, 0.02
"""What a worker needs beside the flow: for each batch, and for each job, with its two writes."""

WRITES_AT_SUBMISSION, WRITES_AT_WORK = 1, 2
READS = 3
"""Units of a job: put; claim and settle; the reads of a held request. The index takes one more write."""

_SHORT_SECONDS = 1.0
"""Up to here, a job is waited for in one held request. For longer ones the client first sleeps, then holds
about a sixth of the time: `make bench ARGS=waiting`."""

_SHORT_WAITS, _LONG_WAITS = 1, 4

_LONGEST_IN_A_BATCH = 1.0
"""Seconds after which a worker gives the rest of its batch back."""

_LONGEST_HOLD = 20.0


@dataclass(frozen=True)
class Load:
    """Jobs a second, the seconds that each runs, the days that it is kept, and the worker's memory in MB."""

    jobs_per_second: float
    seconds: float
    keep_days: float = 7
    memory: int = 256

    @property
    def accepted(self) -> float:
        """Return how many jobs a second are accepted in a burst: ten times the rate, or twice a high one."""
        return max(2 * self.jobs_per_second, min(_BURST * self.jobs_per_second, MOST_OF_A_STACK))

    @property
    def burst(self) -> float:
        """Return the jobs a second of a burst; at a high rate they are not all accepted."""
        return _BURST * self.jobs_per_second

    @property
    def worked(self) -> float:
        """Return how many jobs a second the workers can run, so that a backlog shrinks."""
        return 2 * self.jobs_per_second

    @property
    def batch_size(self) -> int:
        """Return how many jobs a worker takes at once: they run one after the other."""
        return 10 if self.seconds * 5 <= _LONGEST_IN_A_BATCH else 1

    @property
    def execution_seconds(self) -> float:
        """Return how long a worker needs for each job."""
        return self.seconds + JOB_SECONDS + BATCH_SECONDS / self.batch_size

    @property
    def hold_seconds(self) -> float:
        """Return how long a client's request is held for a job."""
        is_short = self.seconds <= _SHORT_SECONDS
        return min(self.seconds if is_short else max(_SHORT_SECONDS, self.seconds / 6), _LONGEST_HOLD)

    @property
    def waits(self) -> int:
        """Return how many requests wait for a job."""
        return _SHORT_WAITS if self.seconds <= _SHORT_SECONDS else _LONG_WAITS

    @property
    def kept_bytes(self) -> float:
        """Return the bytes of all jobs that are kept."""
        return self.jobs_per_second * 86_400 * self.keep_days * ROW_BYTES


@dataclass(frozen=True)
class WholeBursts(Load):
    """The same load, whose bursts are accepted whole."""

    @property
    def accepted(self) -> float:
        """Return all jobs of a burst."""
        return self.burst
