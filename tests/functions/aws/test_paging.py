"""Reads of many items: what DynamoDB leaves unread is read again, after a pause and not for ever."""

from typing import Any
from unittest.mock import patch

import pytest

from noukai_functions.aws import AwsError, read_items
from noukai_functions.aws.retries import MOST_TRIES


class Table:
    """A table that answers the first `answered` keys of a request, so many times, and leaves the others."""

    def __init__(self, throttled: int, answered: int = 1) -> None:
        self.throttled = throttled
        self.answered = answered
        self.asked: list[list[str]] = []

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - as AWS names it
        keys = RequestItems["jobs"]["Keys"]
        self.asked.append([key["id"]["S"] for key in keys])
        count = self.answered if len(self.asked) <= self.throttled else len(keys)
        left = {"jobs": {**RequestItems["jobs"], "Keys": keys[count:]}} if keys[count:] else {}
        return {"Responses": {"jobs": keys[:count]}, "UnprocessedKeys": left}


def read(table: Table) -> tuple[list[str], list[float]]:
    """Read three items; return their ids and the pauses."""
    pauses: list[float] = []
    client: Any = table
    with patch("time.sleep", pauses.append):
        found = read_items(client, "jobs", ["a", "b", "c"], consistent=True)
    return [item["id"]["S"] for item in found], pauses


def test_unread_items_are_read_after_a_pause() -> None:
    """Each item once, in the order in which they come."""
    table = Table(throttled=1)
    found, pauses = read(table)
    assert found == ["a", "b", "c"]
    assert table.asked == [["a", "b", "c"], ["b", "c"]]
    assert len(pauses) == 1
    assert 0 <= pauses[0] <= 1


def test_items_that_stay_unread_are_an_error() -> None:
    """After as many tries as a call has; the caller of the API is asked to come again."""
    table = Table(throttled=100, answered=0)
    with pytest.raises(AwsError) as raised:
        read(table)
    assert raised.value.code == "ProvisionedThroughputExceededException"
    assert len(table.asked) == MOST_TRIES


def test_items_that_are_all_answered_take_one_request() -> None:
    assert read(Table(throttled=0)) == (["a", "b", "c"], [])
