"""Warm requests: the CPU of each in a warm process, for our functions and the typical handler in turn."""

from collections.abc import Iterable
from functools import partial

from tests.bench.machine.laboratory import in_turn, laboratory, least
from tests.bench.machine.runtime import Run
from tests.bench.machine.subjects import RIVALS, SUBJECTS
from tests.bench.report import Cell, Section

_ROUNDS = 5
_WARM_UP = 20
_TIMES = 100
_ENTRIES = ("submit", "status", "cancel", "worker")
_NOTES = (
    (
        f"CPU in µs of each of {_TIMES} requests after {_WARM_UP}, beyond that of an empty function; "
        f"the least of {_ROUNDS} processes each, in turn."
    ),
    (
        "*Child* is the process that flows run in, here `demo/word-count` with a few words: "
        "the typical worker runs nothing and converts nothing. A job of ours is a claim, a run, "
        "a completion, and one request that shortens its visibility."
    ),
)


def sections() -> Iterable[Section]:
    """Measure the functions that every job needs."""
    subjects = [subject for subject in SUBJECTS if subject.entry in _ENTRIES]
    with laboratory() as lab:
        functions = {subject.entry: (lab.ours(subject), subject.event) for subject in subjects}
        logging = {
            f"{subject.entry} logging": (lab.ours(subject, logging=True), subject.event)
            for subject in subjects
        }
        typical = {f"typical {name}": (lab.rival(name), event) for name, (_, event) in RIVALS.items()}
        everything = {**functions, **logging, **typical, "empty": (lab.empty(), {})}
        turns = {
            key: partial(function.run, event, times=_TIMES, warm_up=_WARM_UP)
            for key, (function, event) in everything.items()
        }
        runs = in_turn(turns, _ROUNDS)
    runtime = least(runs["empty"], _own)
    own = {key: least(samples, _own) - runtime for key, samples in runs.items()}
    child = {key: least(samples, _child) for key, samples in runs.items()}
    rows: list[tuple[Cell, ...]] = []
    for entry in _ENTRIES:
        typical_us = own[f"typical {entry}"]
        ours, logged = own[entry] + child[entry], own[f"{entry} logging"] + child[f"{entry} logging"]
        ratios = (own[entry] / typical_us, ours / typical_us, logged / typical_us)
        rows.append((entry, round(own[entry]), round(child[entry]), round(typical_us), *ratios))
    yield Section(
        "Warm requests",
        ("function", "CPU µs", "child µs", "typical µs", "ratio", "ratio with child", "and logging"),
        rows,
        {"own_us": own, "child_us": child, "runtime_us": runtime},
        _NOTES,
    )


def _own(run: Run) -> float:
    return run.warm_ms / _TIMES * 1000


def _child(run: Run) -> float:
    return run.children_warm_ms / _TIMES * 1000
