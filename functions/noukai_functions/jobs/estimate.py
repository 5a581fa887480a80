"""The estimated duration of a flow, learned from the runs in this process.

It costs no read and no extra write: the claim writes the estimate into the job's row.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from noukai_wire.limits import MAX_TIMEOUT_SECONDS

_MEMORY = 8
"""The weight of a run is one in this many, so that old durations fade."""

_FIRST_DEVIATION = 0.2
"""A share of the first run's time: one run says little about the next."""

_SPREAD_PER_DEVIATION = 1.25
"""The standard deviation of a normal distribution, in mean absolute deviations."""

_LEAST_SPREAD = 0.05
"""A share of the expected time: the least spread, since a few equal runs prove little."""

_LARGEST_SPREAD = 0.5
"""A share of the expected time: a flow with a larger spread is not predictable."""

_PROGRESS_SPREAD = 0.25
"""A share of the remaining time by the flow's own progress, which is seldom exact."""


class Estimate(NamedTuple):
    """The expected end of a run, in milliseconds since the epoch, and its standard deviation."""

    expected_at: int
    spread_ms: int


@dataclass(slots=True)
class _RunTime:
    mean: float
    deviation: float
    runs: int = 1

    def learn(self, took_ms: int) -> None:
        self.runs += 1
        # The deviation adapts faster, so that its first guess soon fades.
        self.deviation += max(2 / (self.runs + 1), 1 / _MEMORY) * (abs(took_ms - self.mean) - self.deviation)
        self.mean += (took_ms - self.mean) / min(self.runs, _MEMORY)


@dataclass(slots=True)
class Run:
    """A run of a flow, whose end may be predictable."""

    _known: _RunTime | None = None
    begun_at: int = 0
    """When the flow began; until then, when its import began or its job was claimed."""
    took_ms: int | None = None
    """The duration of a successful run: a failed one has none, since it does not predict the next."""

    @property
    def estimate(self) -> Estimate | None:
        """Return its expected end; None if it cannot be predicted."""
        known = self._known
        if known is None:
            return None
        spread = max(known.deviation * _SPREAD_PER_DEVIATION, known.mean * _LEAST_SPREAD)
        if spread > known.mean * _LARGEST_SPREAD:
            return None
        return Estimate(self.begun_at + round(known.mean), max(1, round(spread)))


@dataclass(slots=True)
class RunTimes:
    """The durations of each flow's successful runs in this process; recent runs weigh more."""

    _flows: dict[str, _RunTime] = field(default_factory=dict)
    is_cold: bool = True
    """Whether no job was claimed in this process."""

    @contextmanager
    def timed(self, flow: str) -> Iterator[Run]:
        """Record a run: predict its end by the earlier ones, and learn its duration, if it is set."""
        known = self._flows.get(flow)
        run = Run(known)
        try:
            yield run
        finally:
            if run.took_ms is not None and known is not None:
                known.learn(run.took_ms)
            elif run.took_ms is not None:
                self._flows[flow] = _RunTime(run.took_ms, run.took_ms * _FIRST_DEVIATION)


def refine(
    known: Estimate | None, begun_at: int, now: int, progress: Mapping[str, Any] | None
) -> Estimate | None:
    """Combine the estimate with the flow's own progress, each weighted by its certainty."""
    percent = (progress or {}).get("percent")
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 < percent < 100:  # noqa: PLR2004
        return known
    left = (now - begun_at) * (100 - percent) / percent
    if left > MAX_TIMEOUT_SECONDS * 1000:  # longer than any attempt may run: the flow has only begun to count
        return known
    told = Estimate(now + round(left), max(1, round(left * _PROGRESS_SPREAD)))
    if known is None:
        return told
    weights = [1 / each.spread_ms**2 for each in (known, told)]
    share = weights[0] / sum(weights)
    expected_at = told.expected_at + share * (known.expected_at - told.expected_at)
    return Estimate(round(expected_at), max(1, round(sum(weights) ** -0.5)))
