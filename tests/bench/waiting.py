"""The cost of waiting for a job, beside other clients' loops, on a simulated clock."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from tests.bench.account.lambda_pool import LambdaPool
from tests.bench.report import Cell, Section
from tests.bench.waits.crowd import Crowd
from tests.bench.waits.wait_loops import PEERS, Loop, ours
from tests.bench.waits.wait_trial import PER_REQUEST, RUNS_BEFORE, SPREAD, Figures, trial
from tests.bench.waits.waiting_plot import draw

_JOBS = 200
_KINDS = {"200 ms": 0.2, "5 s": 5.0, "60 s": 60.0, "225 s": 225.0, "15 min": 900.0}
_STEADY = 0.05
_POLICIES: dict[str, tuple[Loop, dict[str, Any]]] = {
    f"noukai, runs differ by {_STEADY:.0%}": (ours, {"runs_before": RUNS_BEFORE, "spread": _STEADY}),
    "noukai, job reports progress": (ours, {"reports": True}),
    f"noukai, runs differ by {SPREAD:.0%}": (ours, {"runs_before": RUNS_BEFORE}),
    "noukai, flow never seen": (ours, {}),
    **{name: (loop, {}) for name, loop in PEERS.items()},
}

_CLIENTS, _WORKERS, _ACCOUNT, _RESERVED = 10_000, 800, 1000, 100

_NOTES = (
    f"Simulated clock, {_JOBS} jobs a row, durations spread by {SPREAD:.0%} unless stated, 50 ms round trip.",
    "A job that reports progress does so at each per cent; its steps grow ever longer or ever shorter.",
    "The client's core and the functions' code are real; the others' loops are written after their sources.",
    f"A request with its read costs {PER_REQUEST:.2f} USD per million, by the prices of the bill.",
)


def sections() -> Iterable[Section]:
    """Wait for each kind of job with each policy, then with ten thousand clients at once."""
    found = {
        kind: {name: trial(loop, seconds, _JOBS, **terms) for name, (loop, terms) in _POLICIES.items()}
        for kind, seconds in _KINDS.items()
    }
    draw(found)
    yield _table(found)
    yield _crowd()


def _table(found: dict[str, dict[str, Figures]]) -> Section:
    rows = [
        [
            kind,
            name,
            round(one.requests, 1),
            round(one.held_seconds, 1),
            *_lateness(one),
            *_shares(one),
            round(one.usd, 1),
        ]
        for kind, policies in found.items()
        for name, one in policies.items()
    ]
    return Section(
        "Waiting for a job",
        [
            "job",
            "policy",
            "requests",
            "held seconds",
            "late, median",
            "late, 95 of 100",
            "of its time",
            "",
            "USD per million",
        ],
        rows,
        {kind: {name: asdict(one) for name, one in policies.items()} for kind, policies in found.items()},
        _NOTES,
    )


def _lateness(figures: Figures) -> Sequence[Cell]:
    return [f"{late:.2f} s" if late < 10 else f"{late:.0f} s" for late in (figures.late, figures.late_p95)]


def _shares(figures: Figures) -> Sequence[Cell]:
    return [f"{share:.2%}" if share < 0.1 else f"{share:.0%}" for share in (figures.share, figures.share_p95)]


def _crowd() -> Section:
    rows: list[list[Cell]] = []
    figures: dict[str, object] = {}
    for name, scale, reserved in (
        (f"{_RESERVED} reserved for `wait`", 1, _RESERVED),
        ("none reserved, a tenth", 10, None),
    ):
        pool = LambdaPool(_ACCOUNT // scale, reserved)
        crowd = Crowd(_CLIENTS // scale, _WORKERS // scale, pool)
        one = crowd.run()
        refused = [pool.refused[function] for function in ("worker", "wait", "status")]
        rows.append([name, crowd.clients, crowd.answered, *refused, round(one.requests, 1), *_lateness(one)])
        figures[name] = {**asdict(one), "answered": crowd.answered, "refused": dict(pool.refused)}
    return Section(
        "Ten thousand clients that wait at once",
        [
            "concurrency",
            "clients",
            "answered",
            "workers refused",
            "holds refused",
            "polls refused",
            "requests each",
            "late, median",
            "late, 95 of 100",
        ],
        rows,
        figures,
        [
            "They come within 10 s with jobs of 5 s.",
            f"{_WORKERS} workers share the account's concurrency of {_ACCOUNT} with them.",
        ],
    )
