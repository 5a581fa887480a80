"""Each rule of the protocol is needed: without it, the explorer finds a schedule that breaks a promise."""

import inspect
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any

import pytest

from noukai_functions.aws import AwsError
from noukai_functions.jobs import table
from noukai_functions.jobs.lifecycle import TERMINAL, Transition
from noukai_functions.jobs.queues.queue import InvalidMessageError, Message
from noukai_functions.jobs.row import expression
from noukai_functions.jobs.saved_inputs import SavedInputs
from noukai_functions.worker.batch import Batch
from noukai_functions.worker.execution import Execution
from noukai_functions.worker.process import pool
from noukai_functions.worker.process.pool import ProcessPool
from tests.model.actors.lives import Life
from tests.model.actors.scripted_process import ScriptedProcess
from tests.model.explorer import Explorer
from tests.model.ledger import ViolationError
from tests.model.memory_aws import MemoryTables
from tests.model.scenario import KEPT, RETRIED, WIDE, Scenario

_ENOUGH = 5_000


def _without(monkeypatch: pytest.MonkeyPatch, clause: str, instead: str) -> None:
    """Let the model ignore a clause of conditions; `instead` names the same values and is always true."""
    assert clause in inspect.getsource(table)
    clause, instead = expression(clause), expression(instead)
    update = MemoryTables.update_item

    def lenient(self: MemoryTables, **request: Any) -> dict[str, Any]:
        condition = request["ConditionExpression"].replace(clause, instead)
        return update(self, **{**request, "ConditionExpression": condition})

    monkeypatch.setattr(MemoryTables, "update_item", lenient)


def without_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(
        monkeypatch,
        "created_at = :created AND attempt = :attempt",
        "created_at = :created AND attempt IN (attempt, :attempt)",
    )


def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(
        monkeypatch, "(attribute_not_exists(not_before) OR not_before <= :now)", "attempt < max_attempts"
    )


def without_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(
        monkeypatch,
        "attempt < max_attempts AND (state = :pending OR lease_until <= :now)",
        "attempt < max_attempts AND state IN (state, :pending)",
    )


def cancelling_what_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = frozenset({*Transition.CANCEL.sources, *TERMINAL})
    cancel = Transition.CANCEL
    monkeypatch.setattr(
        type(cancel), "sources", property(lambda self: sources if self is cancel else self.value[0])
    )


def deleting_instead_of_deferring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Batch, "defer", lambda *_: None)


def deleting_before_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Execution.run

    def delete_and_run(self: Execution, available_ms: int) -> None:
        queue = self.batch.queue()
        queue.client.delete_message(QueueUrl=queue.url, ReceiptHandle=self.delivery.receipt)
        run(self, available_ms)

    monkeypatch.setattr(Execution, "run", delete_and_run)


def taking_a_lost_answer_for_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    update = MemoryTables.update_item

    def anonymous(self: MemoryTables, **request: Any) -> dict[str, Any]:
        try:
            return update(self, **request)
        except AwsError as error:
            answer: Any = error.answer
            answer["Item"] = {name: value for name, value in answer.get("Item", {}).items() if name != "w"}
            raise

    monkeypatch.setattr(MemoryTables, "update_item", anonymous)


def claiming_what_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Execution.run

    def claim_another_and_run(self: Execution, available_ms: int) -> None:
        now = self.parts.clock.now()
        for delivery in self.batch.waiting:
            with suppress(InvalidMessageError, table.Refused):
                other = Message.parse(delivery.body)
                self.parts.table.claim(
                    other.id, created_at=other.created_at, owner="me", lease_until=now + 30_000, now=now
                )
        run(self, available_ms)

    monkeypatch.setattr(Execution, "run", claim_another_and_run)


def failing_all_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    take = Batch.next

    def take_and_remember(self: Batch, now: int) -> Any:
        delivery = take(self, now)
        if delivery and delivery.body == "not JSON":
            self.failures.extend(waiting.id for waiting in self.waiting)
        return delivery

    monkeypatch.setattr(Batch, "next", take_and_remember)


def keeping_no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SavedInputs, "keep", lambda *_: None)


def answering_from_an_old_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read = table.JobsTable.read
    monkeypatch.setattr(table.JobsTable, "read", lambda self, id_, **_: read(self, id_, consistent=False))


def keeping_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    give_back = ProcessPool.give_back

    def keep(self: ProcessPool, process: Any, *, is_used_up: bool = False) -> None:
        with monkeypatch.context() as context:
            context.setattr(ScriptedProcess, "is_clean", True)
            give_back(self, process, is_used_up=is_used_up)

    monkeypatch.setattr(ProcessPool, "give_back", keep)


def keeping_what_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("the watch over a flow fails")

    monkeypatch.setattr(Batch, "beat", fail)
    monkeypatch.setattr(ScriptedProcess, "is_clean", property(lambda self: not self.is_unclean))


def overlooking_orphans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Life, "has_orphans", lambda _: False)


def overlooking_deaths(monkeypatch: pytest.MonkeyPatch) -> None:
    take = ProcessPool.take

    def take_dead(self: ProcessPool, project: str, *, fresh: bool) -> Any:
        with monkeypatch.context() as context:
            context.setattr(ScriptedProcess, "is_alive", True)
            return take(self, project, fresh=fresh)

    monkeypatch.setattr(ProcessPool, "take", take_dead)


def leaving_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "remove_scratch", lambda _: None)


def leaving_files_of_the_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "remove_stale", lambda: None)


@pytest.mark.parametrize(
    ("mutate", "scenario", "reason"),
    [
        (without_fence, WIDE, "ended with what another has said|shows the progress of another"),
        (without_waiting, WIDE, "claimed before it may run again"),
        (without_lease, WIDE, "claimed from a worker whose lease is alive"),
        (cancelling_what_has_ended, WIDE, r"the \w+ job changed to cancelled"),
        (deleting_instead_of_deferring, WIDE, "the job is lost"),
        (deleting_before_settling, WIDE, "the job is lost|the input of a cancelled job is lost"),
        (taking_a_lost_answer_for_a_refusal, WIDE, "was claimed and never run"),
        (claiming_what_is_given_back, WIDE, "was claimed and never run"),
        (failing_all_for_one, WIDE, "failed by its neighbour"),
        (keeping_no_input, WIDE, "the input of a"),
        (answering_from_an_old_read, RETRIED, "a caller was told"),
        (keeping_every_process, KEPT, "although it must not be"),
        (keeping_what_is_at_work, KEPT, "although it must not be"),
        (overlooking_orphans, KEPT, "although it must not be"),
        (overlooking_deaths, KEPT, "that had died before"),
        (leaving_files, KEPT, "temporary files outlive their attempt"),
        (leaving_files_of_the_dead, KEPT, "temporary files are left"),
    ],
)
def test_rule_is_needed(
    explorer: Explorer,
    monkeypatch: pytest.MonkeyPatch,
    mutate: Callable[[pytest.MonkeyPatch], None],
    scenario: Scenario,
    reason: str,
) -> None:
    """Without the rule, some schedule breaks the very promise that it keeps."""
    mutate(monkeypatch)
    with pytest.raises(ViolationError, match=reason):
        for _ in islice(explorer.some(scenario, seed=1), _ENOUGH):
            pass
