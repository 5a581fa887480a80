"""The index of the jobs table: flow, age and id of each job, all immutable.

It follows the table within a fraction of a second: of a job it may say too late that it is there, or that it
is gone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from typing import TYPE_CHECKING

from noukai_functions.jobs.row import partitions, placeholders
from noukai_functions.names import INDEX, INDEX_ORDER, INDEX_PARTITION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AFTER_ALL = "~"
"""A position that is higher than that of any job."""


@dataclass(frozen=True, slots=True)
class JobIndex:
    """The index of all jobs."""

    client: "DynamoDBClient"
    table_name: str

    def newest(self, org: str, flows: Iterable[str], *, above: str, below: str, at_once: int) -> Iterator[str]:
        """Iterate over the positions of an org's jobs of some flows, the newest first, in the order of `row.order`.

        Those below `below`, and not below `above`. Each partition is asked for so many `at_once`, and again
        only when they are used up.
        """
        names = [name for flow in flows for name in partitions(org, flow)]
        return merge(*(self._positions(name, above, below, at_once) for name in names), reverse=True)

    def has_jobs(self, org: str, flow: str) -> bool:
        """Return whether there is any job of an org's flow."""
        return any(self.newest(org, [flow], above="", below=AFTER_ALL, at_once=1))

    def _positions(self, partition: str, above: str, below: str, at_once: int) -> Iterator[str]:
        last: str | None = below
        while last is not None:
            answer = self.client.query(
                TableName=self.table_name,
                IndexName=INDEX,
                KeyConditionExpression=f"{INDEX_PARTITION} = :partition AND {INDEX_ORDER} < :below",
                ExpressionAttributeValues=placeholders({"partition": partition, "below": last}),
                ScanIndexForward=False,
                Limit=at_once,
            )
            positions = [item[INDEX_ORDER]["S"] for item in answer["Items"]]
            yield from (position for position in positions if position >= above)
            last = positions[-1] if "LastEvaluatedKey" in answer and positions[-1] >= above else None
