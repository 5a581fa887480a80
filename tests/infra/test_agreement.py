"""What the stack and the functions must agree on although neither imports the other."""

from functions.lifecycle import GIVE_UP_AFTER_MS, TERMINAL, UNSETTLED, State
from functions.row import EXPIRY_ATTRIBUTE, INDEX, INDEX_ORDER, INDEX_PARTITION, NAMES
from infra.stream import COUNTED
from tests.infra.template import Template


def test_table_expires_rows_by_the_functions_attribute(template: Template) -> None:
    """The tables' time to live reads the attribute in which the functions write when a row expires."""
    attributes = [
        table["Properties"]["TimeToLiveSpecification"]["AttributeName"]
        for table in template.resources("DynamoDB::Table").values()
        if "TimeToLiveSpecification" in table["Properties"]
    ]
    assert attributes == [EXPIRY_ATTRIBUTE] * 2


def test_index_is_keyed_as_the_functions_write(template: Template) -> None:
    """The index has the functions' name and attributes, and holds keys alone, so that no transition writes it."""
    _, table = template.named_resource("DynamoDB::Table", "TablesJobs")
    (index,) = table["Properties"]["GlobalSecondaryIndexes"]
    assert index == {
        "IndexName": INDEX,
        "KeySchema": [
            {"AttributeName": INDEX_PARTITION, "KeyType": "HASH"},
            {"AttributeName": INDEX_ORDER, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


def test_jobs_are_given_up_when_the_queue_forgets_them(template: Template) -> None:
    """A job that never started is given up exactly when the queue has dropped its message."""
    retentions = {
        queue["Properties"]["MessageRetentionPeriod"] * 1000
        for name, queue in template.resources("SQS::Queue").items()
        if name.startswith("QueuesJobs")
    }
    assert retentions == {GIVE_UP_AFTER_MS}


def test_records_that_are_counted_are_those_of_the_lifecycle() -> None:
    """A job has ended, or what the row of a cancelled one says has changed: by the names that the functions write."""
    shown = [
        tuple({State(value) for value in record["dynamodb"][image][NAMES["state"]]["S"]} for image in images)
        for record in COUNTED
        for images in [("OldImage", "NewImage")]
    ]
    assert shown == [(UNSETTLED, TERMINAL), ({State.CANCELLED}, {State.CANCELLED})]
