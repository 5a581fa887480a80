"""The watch over a flow, with a process that only lets time pass."""

from typing import TYPE_CHECKING, cast

import pytest

from noukai.flow.runtime import Returned
from noukai_functions.jobs.estimate import Run
from noukai_functions.worker.batch import Batch, Delivery
from noukai_functions.worker.exchange import Outcome, ProgressBoard
from noukai_functions.worker.watch import Stop, Watch
from tests.flow_process import CALL, in_turns
from tests.functions.harness import System
from tests.functions.stand_ins.calls import hook, unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from noukai_functions.worker.process.process import FlowProcess


class PassingProcess:
    """A flow that only lets time pass: it ends at the script's second, or when it is killed."""

    def __init__(self, system: System, script: dict[int, Outcome]) -> None:
        self.system = system
        self.script = script
        self.begun = system.clock.time
        self.each_second: Callable[[int], object] = lambda _: None
        self.signals: list[tuple[str, int]] = []
        self.board = ProgressBoard()
        self.has_imported = True

    @property
    def second(self) -> int:
        return (self.system.clock.time - self.begun) // 1000

    run = in_turns

    def begin(self, _call: object, _log: object) -> None:
        """Begin the flow, which has begun."""

    def receive(self, _seconds: float) -> Outcome | None:
        self.system.clock.time += 1000
        self.each_second(self.second)
        killed = self.signals[-1:] and self.signals[-1][0] == "kill"
        return Returned("null") if killed else self.script.get(self.second)

    def interrupt(self) -> None:
        self.signals.append(("interrupt", self.second))

    def kill(self) -> None:
        self.signals.append(("kill", self.second))


def begin(system: System, process: PassingProcess, timeout_seconds: int = 600) -> Watch:
    """Claim a new job and watch the process as if it ran the flow."""
    job_id = system.submit("trial/count", parameters={"steps": 1}).body["id"]
    now = system.clock.time
    job = system.deployment.table.claim(job_id, created_at=now, owner="me", lease_until=now + 60_000, now=now)
    delivery = Delivery(id="1", receipt="receipt", body="")
    batch = Batch(lambda: system.deployment.queue, system.deployment.times.lease_ms, [delivery])
    batch.next(now)
    batch.hide(now)
    del system.calls[:]
    timeout_ms = timeout_seconds * 1000
    of, passing = system.deployment, cast("FlowProcess", process)
    return Watch(
        job,
        Run(),
        passing,
        CALL,
        batch,
        of.table,
        of.clock,
        of.times,
        timeout_ms,
        now + 900_000,
        of.new_log(job),
    )


def times(system: System, operation: str) -> int:
    return [name for name, _ in system.calls].count(operation)


def test_heartbeat_is_a_third_of_the_lease(system: System) -> None:
    """Every twenty seconds lease and visibility are extended; every two seconds the row is read."""
    watch = begin(system, PassingProcess(system, {65: Returned("1")}))
    assert watch.follow() == Returned("1")
    assert (times(system, "UpdateItem"), times(system, "ChangeMessageVisibilityBatch")) == (3, 3)
    assert 25 <= times(system, "GetItem") <= 32
    assert not any(parameters["ConsistentRead"] for name, parameters in system.calls if name == "GetItem")
    assert system.row(watch.job.id).lease_until == watch.job.created_at + 60_000 + 60_000


def test_short_flow_costs_no_heartbeat(system: System) -> None:
    """A flow that ends before the first look costs only its claim and its settling write."""
    begin(system, PassingProcess(system, {1: Returned("1")})).follow()
    assert system.calls == []


def test_frequent_progress_costs_few_writes(system: System) -> None:
    """Reports every second for ten minutes cost about forty writes, and the last report is soon visible."""
    process = PassingProcess(system, {600: Returned("1")})
    watch = begin(system, process, timeout_seconds=700)
    seen: dict[int, float] = {}

    def report_and_look(second: int) -> None:
        process.board.write({"percent": second / 6})
        if second in (5, 100, 599):
            progress = system.row(watch.job.id).progress
            assert progress is not None
            seen[second] = progress["percent"] * 6

    process.each_second = report_and_look
    watch.follow()
    assert times(system, "UpdateItem") < 70
    assert all(second * 0.85 - 2 <= reported <= second for second, reported in seen.items())


def test_progress_that_stands_still_is_written_once(system: System) -> None:
    """A flow with nothing new to report costs no write between its heartbeats."""
    process = PassingProcess(system, {18: Returned("1")})
    process.board.write({"percent": 1})
    begin(system, process).follow()
    assert times(system, "UpdateItem") == 1


def test_progress_refines_when_the_end_is_expected(system: System) -> None:
    """The row tells the expected end by the flow's progress; progress that stands still changes nothing."""
    process = PassingProcess(system, {30: Returned("1")})
    watch = begin(system, process)
    expected: dict[int, int | None] = {}

    def report_and_look(second: int) -> None:
        if second in (4, 10):
            process.board.write({"percent": {4: 10, 10: 50}[second]})
        expected[second] = system.row(watch.job.id).expected_at

    process.each_second = report_and_look
    watch.follow()
    ends = [expected[second] for second in (3, 6, 12, 29)]
    assert [end and (end - watch.job.created_at) // 1000 for end in ends] == [None, 40, 20, 20]


def test_cancellation_reaches_the_flow_within_two_seconds(system: System) -> None:
    """The next look sees the cancellation, and the flow is interrupted."""
    process = PassingProcess(system, {14: Returned("1")})
    watch = begin(system, process)
    table = system.deployment.table
    process.each_second = lambda second: (
        second == 11 and table.cancel(watch.job.id, org="acme", flow=None, now=system.clock.time)
    )
    watch.follow()
    assert watch.stop is Stop.CANCELLED
    assert [name for name, _ in process.signals] == ["interrupt", "kill"]
    assert process.signals[0][1] <= 13


def test_takeover_stops_the_flow(system: System) -> None:
    """A worker that slept through its lease finds that its job was taken over, and stops its flow."""
    process = PassingProcess(system, {90: Returned("1")})
    watch = begin(system, process)

    def sleep_through(second: int) -> None:
        if second == 1:
            now = system.clock.time = system.clock.time + 61_000
            created_at = watch.job.created_at
            system.deployment.table.claim(
                watch.job.id, created_at=created_at, owner="other", lease_until=now + 60_000, now=now
            )

    process.each_second = sleep_through
    watch.follow()
    assert watch.stop is Stop.TAKEN_OVER
    assert system.row(watch.job.id).attempt == 2


def test_timeout_and_grace(system: System) -> None:
    """A flow that runs too long is interrupted in time, and killed after its grace."""
    process = PassingProcess(system, {})
    watch = begin(system, process, timeout_seconds=5)
    watch.follow()
    assert watch.stop is Stop.TIMED_OUT
    assert process.signals == [("interrupt", 5), ("kill", 6)]


def test_lease_stays_alive_while_a_timed_out_flow_leaves(system: System) -> None:
    """During a flow's grace its lease is extended, so that nobody else starts the job."""
    system.deployment.environment = {**system.deployment.environment, "GRACE_SECONDS": "100"}
    process = PassingProcess(system, {})
    watch = begin(system, process, timeout_seconds=5)
    process.each_second = lambda _: (
        system.row(watch.job.id).has_live_lease(system.clock.time) or pytest.fail("lease over")
    )
    watch.follow()
    assert process.signals == [("interrupt", 5), ("kill", 105)]


def test_failing_heartbeat_does_not_end_the_flow(system: System) -> None:
    """A flow survives failed heartbeats as long as its lease lasts."""
    process = PassingProcess(system, {50: Returned("1")})
    watch = begin(system, process)

    mend = []

    def break_and_mend(second: int) -> None:
        if second == 3:
            mend.append(hook(system.deployment.table.client, before=unreachable))
        if second == 30:
            mend.pop()()

    process.each_second = break_and_mend
    assert watch.follow() == Returned("1")
    assert watch.stop is None
    extended_to = system.row(watch.job.id).lease_until
    assert extended_to is not None
    assert 30_000 <= extended_to - watch.job.created_at - 60_000 <= 32_000
