"""Queues of a worker kind that got fewer of them stay for as long as something waits in them."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from noukai_infra.operations.deploy import draining
from noukai_infra.operations.deploy.draining import queues_to_keep

URLS = [f"https://sqs/{number}" for number in (2, 3, 4)]


@pytest.mark.parametrize(
    ("sent", "used", "kept"),
    [(3, [], ["default:4"]), (1, [], ["default:2"]), (1, [URLS[1]], ["default:3"]), (0, [], [])],
    ids=["in use", "empty", "one waits", "none left"],
)
def test_queue_stays_while_it_is_sent_to_or_holds_a_message(
    monkeypatch: pytest.MonkeyPatch, sent: int, used: list[str], kept: list[str]
) -> None:
    output = {"FurtherQueues": json.dumps({"sent": {"default": sent}, "urls": {"default": URLS}})}
    account: Any = SimpleNamespace(outputs=lambda _stack: output)
    monkeypatch.setattr(draining, "_has_messages", lambda _account, url: url in used)
    monkeypatch.setattr(draining, "_is_scheduled", lambda *_: False)
    assert queues_to_keep(account, "noukai") == kept


def test_stack_with_one_queue_keeps_none() -> None:
    account: Any = SimpleNamespace(outputs=lambda _stack: None)
    assert queues_to_keep(account, "noukai") == []
