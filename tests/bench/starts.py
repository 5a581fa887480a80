"""Cold starts: a fresh process serves one request, for our functions and the typical handler in turn."""

from collections.abc import Iterable
from functools import partial

from tests.bench.machine.laboratory import Laboratory, asset_of, in_turn, laboratory, least, most
from tests.bench.machine.runtime import Function, Run
from tests.bench.machine.subjects import RIVALS, SUBJECTS, Event
from tests.bench.report import Cell, Section

_ROUNDS = 9
_IMPORTED = "import time: "
_COLUMNS = (
    *(
        "function",
        "CPU ms",
        "logging",
        "typical",
        "ratio",
        "ratio, logging",
        "first % (≤ 10)",
        "RSS MiB",
        "modules",
    ),
    "asset MB",
)
_NOTES = (
    (
        "CPU (user and system) of a fresh process from its start to its first answer, beyond that of an "
        f"empty function: the least of {_ROUNDS} runs, all in turn, in milliseconds of this machine. "
        "Only the ratio is comparable."
    ),
    (
        "Ours run from the asset, zipped, unpacked and read-only, with byte code; "
        "the typical handler from installed libraries with byte code. "
        "Both under awslambdaric, with DynamoDB and SQS over TLS on loopback, X-Ray not sampling. "
        "*Typical*: its submit for submit and retry; its status for status, wait and describe; its cancel "
        "for cancel; its worker, which claims without a lease and converts nothing, for the others."
    ),
    (
        "*First %* is the share of the first request in all this CPU, the runtime's included: "
        "the rest is spent while Lambda starts the function, with a whole processor. "
        "Ours may take 10 % at most."
    ),
    (
        "*Logging* also writes one line through powertools' Logger, which ours import only to log. "
        "Memory is the peak of the process; modules are all that it imported, the runtime's included; "
        "the asset is the zip for arm64."
    ),
)


def sections() -> Iterable[Section]:
    """Measure every function."""
    with laboratory() as lab:
        functions = _functions(lab)
        turns = {key: partial(function.run, event) for key, (function, event) in functions.items()}
        modules = {key: _modules(function, event) for key, (function, event) in functions.items()}
        runs = in_turn(turns, _ROUNDS)
    yield _section(lab, runs, modules)


def _functions(lab: Laboratory) -> dict[str, tuple[Function, Event]]:
    ours = {subject.entry: (lab.ours(subject), subject.event) for subject in SUBJECTS}
    logging = {
        f"{subject.entry} logging": (lab.ours(subject, logging=True), subject.event) for subject in SUBJECTS
    }
    typical = {f"typical {name}": (lab.rival(name), event) for name, (_, event) in RIVALS.items()}
    return {**ours, **logging, **typical, "empty": (lab.empty(), {})}


def _modules(function: Function, event: Event) -> int:
    lines = function.run(event, PYTHONPROFILEIMPORTTIME="1").log.count(_IMPORTED)
    return lines - 1  # one is the header of Python's table


def _section(lab: Laboratory, runs: dict[str, list[Run]], modules: dict[str, int]) -> Section:
    runtime = least(runs["empty"], _cpu)
    cpu = {key: least(samples, _cpu) - runtime for key, samples in runs.items()}
    first = {key: 100 * least(samples, _first) / least(samples, _cpu) for key, samples in runs.items()}
    memory = {key: most(samples, lambda run: run.rss) for key, samples in runs.items()}
    rows: list[tuple[Cell, ...]] = []
    for subject in SUBJECTS:
        ours, logging, typical = subject.entry, f"{subject.entry} logging", f"typical {subject.rival}"
        asset = lab.sizes[asset_of(subject)] / 1e6
        ratios = (cpu[ours] / cpu[typical], cpu[logging] / cpu[typical])
        measured = (
            cpu[ours],
            cpu[logging],
            cpu[typical],
            *ratios,
            first[ours],
            memory[logging],
            modules[logging],
        )
        rows.append((ours, *measured, asset))
    for name in RIVALS:
        key = f"typical {name}"
        rows.append((key, cpu[key], cpu[key], cpu[key], 1.0, 1.0, first[key], memory[key], modules[key], "—"))
    figures = {
        "cpu_ms": cpu,
        "first_percent": first,
        "rss_mib": memory,
        "modules": modules,
        "runtime_ms": runtime,
    }
    return Section("Cold start", _COLUMNS, rows, {**figures, "asset_bytes": dict(lab.sizes)}, _NOTES)


def _cpu(run: Run) -> float:
    return run.own_ms + run.children_ms


def _first(run: Run) -> float:
    return run.warm_ms + run.children_warm_ms
