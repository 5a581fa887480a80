"""The agreement of stack and functions, of which the stack imports names alone."""

from noukai.flow import runtime
from noukai_functions import names
from noukai_functions.build.worker_kinds import (
    MAX_BATCH,
    MAX_CONCURRENCY,
    MAX_MEMORY,
    MAX_STORAGE,
    MIN_CONCURRENCY,
    MIN_MEMORY,
    MIN_STORAGE,
    function_timeout,
)
from noukai_functions.jobs.lifecycle import START_WITHIN_MS, TERMINAL, UNSETTLED, State
from noukai_functions.jobs.row import NAMES
from noukai_infra.operations.restore import rows
from noukai_infra.settings import Settings
from noukai_infra.stack.base.stream import COUNTED
from noukai_infra.stack.base.worker_kinds import kind_named
from noukai_wire.limits import MAX_TIMEOUT_SECONDS
from tests.infra.stack.template import Template


def test_table_expires_rows_by_the_functions_attribute(template: Template) -> None:
    """The tables' time to live reads the attribute in which the functions write when a row expires."""
    attributes = [
        table["Properties"]["TimeToLiveSpecification"]["AttributeName"]
        for table in template.resources("DynamoDB::Table").values()
        if "TimeToLiveSpecification" in table["Properties"]
    ]
    assert attributes == [NAMES["expires_at"]] * len({"jobs", "usage", "webhooks"})


def test_index_is_keyed_as_the_functions_write(template: Template) -> None:
    """The index has the functions' names, and only keys, so that no transition writes to it."""
    _, table = template.named_resource("DynamoDB::Table", "TablesJobs")
    (index,) = table["Properties"]["GlobalSecondaryIndexes"]
    assert index == {
        "IndexName": names.INDEX,
        "KeySchema": [
            {"AttributeName": names.INDEX_PARTITION, "KeyType": "HASH"},
            {"AttributeName": names.INDEX_ORDER, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


def test_states_are_named_as_the_lifecycle_names_them() -> None:
    """The lifecycle imports nothing, so that the names repeat its states."""
    assert (State(names.PENDING), State(names.CANCELLED)) == (State.PENDING, State.CANCELLED)
    assert {State(name) for name in names.UNSETTLED} == UNSETTLED
    assert {State(name) for name in names.TERMINAL} == TERMINAL


def test_rows_say_why_before_their_messages_are_gone(template: Template) -> None:
    """An overdue job is found by a sweep in the two days before SQS forgets its message.

    A sweep begins each day; that of a large table takes a day. A message's age counts from its first send.
    """
    retentions = {
        queue["Properties"]["MessageRetentionPeriod"] * 1000
        for name, queue in template.resources("SQS::Queue").items()
        if name.startswith("QueuesJobs")
    }
    day = 24 * 60 * 60 * 1000
    assert {retention - START_WITHIN_MS for retention in retentions} == {2 * day}


def test_records_that_are_counted_are_those_of_the_lifecycle() -> None:
    """By the names that the functions write: a job has ended, its code has stopped, or it is new."""
    shown = [
        {
            image: {State(value) for value in row[NAMES["state"]]["S"]}
            for image, row in record["dynamodb"].items()
        }
        for record in COUNTED
    ]
    assert shown == [
        {"OldImage": UNSETTLED, "NewImage": TERMINAL},
        {"OldImage": {State.CANCELLED}, "NewImage": {State.CANCELLED}},
        {"NewImage": {State.PENDING}},
        {"OldImage": TERMINAL, "NewImage": {State.PENDING}},
    ]


def test_kinds_that_flows_may_ask_for_are_those_that_workers_may_have() -> None:
    """The stack reads from a worker kind's name what the functions have written into it."""
    least = runtime.WorkerKind(MIN_MEMORY, MIN_STORAGE, MIN_CONCURRENCY, 1, function_timeout(1, 0))
    most = runtime.WorkerKind(
        MAX_MEMORY, MAX_STORAGE, MAX_CONCURRENCY, MAX_BATCH, function_timeout(MAX_TIMEOUT_SECONDS, 10)
    )
    for asked in (least, most):
        made = kind_named(asked.name or "", Settings())
        found = (made.memory, made.ephemeral_storage, made.max_concurrency, made.batch_size, made.timeout)
        assert found == (asked.memory, asked.ephemeral_storage, asked.concurrency, asked.batch, asked.timeout)
    assert runtime.WorkerKind().name is None


def test_restored_rows_are_marked_as_the_functions_read() -> None:
    """By the same attribute, beside those of a job, and with its deadline."""
    assert names.RESTORED not in NAMES.values()
    assert rows.DEADLINE_MS == START_WITHIN_MS
    assert (NAMES["state"], NAMES["created_at"], NAMES["start_by"]) == ("s", "c", "u")
