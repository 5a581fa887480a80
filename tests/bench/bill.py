"""The bill: the cost of a job on AWS, by stage, and the prices of others."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from noukai_infra.settings import Settings, WorkerKind, file_context
from tests.bench import crossover, prices
from tests.bench.account.cloud import Cpu, Stack
from tests.bench.account.life import MAP_SIZE, Event, Life
from tests.bench.account.lives import Account, Bill, fresh_account
from tests.bench.cpu import measured
from tests.bench.report import Cell, Section

SHORT = WorkerKind(memory=256, timeout=60, batch_size=10)
"""A worker kind for flows of a few seconds: its queue's visibility is no longer than a lease."""
TARGETS = {"default worker": 7.9, "a trickle": 7.6, "batches of ten": 6.6, "mapped": 3.3}
"""USD per million jobs, with everything but the flow's own compute."""
README: Mapping[str, tuple[str, ...]] = {
    "submit": ("submit",),
    "claim, run, settle": ("claim", "run", "settle"),
    "wait": ("wait", "status", "statuses"),
    "counted": ("metering",),
    "swept, while it is kept for a week": ("sweep",),
    "stored for that week, and recoverable": ("kept",),
    "answers sent to the internet": ("egress",),
    "1 % of invocations that start a process": ("cold starts",),
}
"""The rows of the operators' table, with the stages of each."""

_STAGES: Mapping[str, tuple[str, ...]] = {
    "submit": ("submit",),
    "execute": ("execute",),
    "worker: claim": ("claim",),
    "worker: run": ("run",),
    "worker: settle": ("settle",),
    "wait, status": ("wait", "status"),
    "cancel": ("cancel",),
    "retry": ("retry",),
    "list": ("list",),
    "schedule": ("schedule",),
    "use": ("metering",),
    "sweep, while a job is kept": ("sweep",),
    "storage and recovery, while a job is kept": ("kept",),
    "status of many": ("statuses",),
    "answers to the internet": ("egress",),
    "cold starts": ("cold starts",),
    "logs": ("logs",),
}
_ITEMS = (
    *("api_requests", "lambda_requests", "gb_seconds", "write_units", "read_units", "sqs_requests"),
    *("s3_puts", "s3_gets", "log_bytes"),
)
_LONG_MS = 60_000
_DURATIONS = {"50 ms": 50, "200 ms": 200, "10 s": 10_000, "10 min": 600_000}
_SIZES = {"100 B": 100, "1 KB": 1024, "8 KB": 8 * 1024, "100 KB": 100 * 1024}


@dataclass(frozen=True)
class Desk:
    """The place where lives are played, and its speed."""

    account: Account
    cpu: Cpu

    def trickle(self, life: Life, worker: WorkerKind | None = None) -> Bill:
        """Bill jobs that come one by one, a million a month, evenly spaced."""
        stack = dataclasses.replace(_stack(worker), batch_size=1)
        return self.account.play(
            life, stack, self.cpu, jobs=1 if life.milliseconds > _LONG_MS else 5, is_even=True
        )

    def load(self, life: Life) -> Bill:
        """Bill jobs that come ten at a time, or mapped jobs."""
        jobs = MAP_SIZE if life.event is Event.MAPPED else SHORT.batch_size
        return self.account.play(life, _stack(SHORT), self.cpu, jobs=jobs)


def sections() -> Iterable[Section]:
    """Play the lives of jobs and price them."""
    with fresh_account() as account:
        desk = Desk(account, recorded_cpu())
        yield from _by_stage(desk, measured(account.system))
        yield _by("duration", desk, {name: Life(milliseconds=each) for name, each in _DURATIONS.items()})
        yield crossover.section()
        yield _by(
            "size of input and result",
            desk,
            {n: Life(input_bytes=b, result_bytes=b) for n, b in _SIZES.items()},
        )
        alone = [each for each in Event if each is not Event.MAPPED]
        yield _by("what happens to a job of 200 ms", desk, {each.value: Life(event=each) for each in alone})


def recorded_cpu() -> Cpu:
    """Return the CPU that an earlier run has measured: with it, a bill is the same on every machine."""
    return Cpu(**prices.recorded_cpu())


def bills_of(desk: Desk) -> dict[str, Bill]:
    """Play the lives of the README's table."""
    return {
        "default worker": desk.trickle(Life()),
        "a trickle": desk.trickle(Life(), SHORT),
        "batches of ten": desk.load(Life()),
        "mapped": desk.load(Life(event=Event.MAPPED)),
    }


def readme_rows(bills: Mapping[str, Bill]) -> list[list[Cell]]:
    """Return the README's table."""
    rows: list[list[Cell]] = []
    for name, stages in README.items():
        rows.append([name, *(bill.usd_per_million(*stages) for bill in bills.values())])
    rows.append(["**sum**", *(f"**{bill.usd_per_million():.2f}**" for bill in bills.values())])
    rows.append(
        ["the end is heard of late, median", *(f"{median(bill.late):.2f} s" for bill in bills.values())]
    )
    return rows


def _by_stage(desk: Desk, now: Cpu) -> Iterable[Section]:
    bills = bills_of(desk)
    yield Section("What a job costs, USD per million", ["", *bills], readme_rows(bills), {})
    totals = {name: bill.usd_per_million() for name, bill in bills.items()}
    yield Section(
        "The bill by stage, USD per million jobs of 200 ms, 300 B and 500 B",
        ["stage", *bills],
        list(_stage_rows(bills)),
        {name: _usd_of(bill) for name, bill in bills.items()},
        [
            _kinds(),
            f"CPU: {_cpu(desk.cpu)} Measured now: {_cpu(now)}",
            f"Assumed: {prices.assumptions()}.",
            _idle(),
        ],
    )
    yield Section(
        "Units of one such job",
        ["unit", *bills],
        [
            [item.replace("_", " "), *(float(bill.per_job(item)) for bill in bills.values())]
            for item in _ITEMS
        ],
        {name: {item: bill.per_job(item) for item in _ITEMS} for name, bill in bills.items()},
    )
    yield _peers({f"noukai, {name}": totals[name] for name in TARGETS})


def _stage_rows(bills: Mapping[str, Bill]) -> Iterable[list[Cell]]:
    for name, stages in _STAGES.items():
        usd = [bill.usd_per_million(*stages) for bill in bills.values()]
        if any(usd) or name == "logs":
            yield [name, *usd]
    yield ["**sum**", *(bill.usd_per_million() for bill in bills.values())]
    yield ["target of that", *(TARGETS[name] for name in bills)]
    yield ["callers hear of the end late, median s", *(median(bill.late) for bill in bills.values())]
    yield ["apart: the flow's own compute", *map(_compute, bills.values())]


def _by(what: str, desk: Desk, lives: Mapping[str, Life]) -> Section:
    rows: list[list[Cell]] = []
    figures: dict[str, object] = {}
    for name, life in lives.items():
        trickle = desk.trickle(life)
        load = desk.load(life) if life.flow == "brief" else None
        waits = (
            len([each for each in trickle.requests if each.name.startswith(("WAIT", "STATUS"))])
            / trickle.jobs
        )
        waited = trickle.usd_per_million("wait", "status")
        rows.append([
            name, trickle.usd_per_million() - waited, waited, waits, _compute(trickle),
            "" if load is None else f"{load.usd_per_million():,.2f}",
        ])  # fmt: skip
        figures[name] = {"trickle": _usd_of(trickle), "load": load and _usd_of(load)}
    columns = [what, "trickle: job", "wait", "requests a wait", "flow's compute, apart", "under load: both"]
    return Section(f"The bill by {what}, USD per million", columns, rows, figures)


def _peers(ours: Mapping[str, float]) -> Section:
    rows: list[list[Cell]] = [[name, usd, usd, "this table"] for name, usd in ours.items()]
    rows += [[peer.name, peer.cheapest, peer.dearest, peer.source] for peer in prices.peers()]
    figures = {str(row[0]): [row[1], row[2]] for row in rows}
    return Section(
        "Beside others, by their published prices, USD per million", ["", "from", "to", "by"], rows, figures
    )


def _usd_of(bill: Bill) -> dict[str, float]:
    """Return USD per million jobs by stage, and in all."""
    return {name: bill.usd_per_million(*of) for name, of in _STAGES.items()} | {"sum": bill.usd_per_million()}


def _stack(worker: WorkerKind | None = None) -> Stack:
    """Return the stack that `cdk.json` and the template make, perhaps with another worker."""
    settings = Settings.from_context(file_context())
    kind = worker or settings.worker
    memory = dict.fromkeys(
        ("submit", "status", "statuses", "cancel", "retry", "list", "metering"), settings.memory
    )
    memory |= {"wait": settings.wait_memory, "execute": settings.wait_memory, "worker": kind.memory}
    return Stack(memory, kind.batch_size, kind.timeout)


def _compute(bill: Bill) -> float:
    return prices.usd("gb_seconds", bill.per_job("flow_gb_seconds") * 1_000_000)


def _kinds() -> str:
    default = _stack()
    return (
        f"Default worker: {default.memory['worker']} MB, visibility {default.worker_timeout} s, "
        "batches of 1. "
        f"The others: {SHORT.memory} MB, visibility {SHORT.timeout} s, batches of {SHORT.batch_size}, "
        "which only load fills. "
        "The platform's own log lines are off (template: WARN), the functions' level is INFO."
    )


def _cpu(cpu: Cpu) -> str:
    fixed = ", ".join(f"{name} {each:.1f}" for name, each in cpu.invocation.items())
    return f"ms of a whole CPU: {fixed}, each call of AWS {cpu.call:.1f}, each job {cpu.job:.1f}."


def _idle() -> str:
    return "Not counted, as it is no job's: the idle pollers of two queues."
