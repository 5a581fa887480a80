"""Each rule of the protocol is needed: without it the explorer finds a schedule that breaks a promise."""

import inspect
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions import store
from functions.batch import Batch
from functions.execution import Execution
from tests.model.explorer import Explorer
from tests.model.ledger import ViolationError
from tests.model.memory_aws import MemoryTables
from tests.model.scenario import WIDE

_ENOUGH = 20_000


def _without(monkeypatch: pytest.MonkeyPatch, clause: str, instead: str) -> None:
    """Let the table see the store's conditions without a clause; `instead` names the same values and is always true."""
    assert clause in inspect.getsource(store)
    update = MemoryTables.update_item

    def lenient(self: MemoryTables, **request: Any) -> dict[str, Any]:
        condition = request["ConditionExpression"].replace(clause, instead)
        return update(self, **{**request, "ConditionExpression": condition})

    monkeypatch.setattr(MemoryTables, "update_item", lenient)


def without_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "c = :created AND n = :attempt", "c = :created AND n IN (n, :attempt)")


def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "(attribute_not_exists(b) OR b <= :now)", "n < m")


def deleting_instead_of_deferring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Batch, "defer", lambda *_: None)


def deleting_before_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Execution.run

    def delete_and_run(self: Execution, available_ms: int) -> None:
        queue = self.deployment.queue
        queue.client.delete_message(QueueUrl=queue.url, ReceiptHandle=self.delivery.receipt)
        run(self, available_ms)

    monkeypatch.setattr(Execution, "run", delete_and_run)


def taking_a_lost_answer_for_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    update = MemoryTables.update_item

    def anonymous(self: MemoryTables, **request: Any) -> dict[str, Any]:
        try:
            return update(self, **request)
        except ClientError as error:
            response: Any = error.response
            response["Item"] = {name: value for name, value in response.get("Item", {}).items() if name != "w"}
            raise

    monkeypatch.setattr(MemoryTables, "update_item", anonymous)


@pytest.mark.parametrize(
    "mutate",
    [
        without_fence,
        without_waiting,
        deleting_instead_of_deferring,
        deleting_before_settling,
        taking_a_lost_answer_for_a_refusal,
    ],
)
def test_rule_is_needed(
    explorer: Explorer, monkeypatch: pytest.MonkeyPatch, mutate: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """Without the rule some schedule breaks a promise."""
    mutate(monkeypatch)
    with pytest.raises(ViolationError):
        for _ in islice(explorer.some(WIDE, seed=1), _ENOUGH):
            pass
