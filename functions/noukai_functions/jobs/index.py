"""The index of the jobs table by flow, age and id, all immutable.

The index is eventually consistent: for a fraction of a second, new jobs may be missing and deleted ones
listed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from typing import TYPE_CHECKING

from noukai_functions.jobs.row import partitions, placeholders
from noukai_functions.names import INDEX, INDEX_ORDER, INDEX_PARTITION, INDEX_PARTITIONS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AFTER_ALL = "~"
"""A position above that of every job."""


@dataclass(frozen=True, slots=True)
class JobIndex:
    """The index of all jobs."""

    client: "DynamoDBClient"
    table_name: str
    spread: int = INDEX_PARTITIONS
    """How many partitions of a flow may hold jobs, including those that get no new ones."""

    def newest(
        self, org: str, flows: Iterable[str], *, above: str, below: str, at_once: int
    ) -> Iterator[str]:
        """Iterate over the index positions of an org's jobs of some flows, newest first.

        Includes positions from `above` up to, but not including, `below`. Each partition is queried for
        `at_once` positions, and again only when these are used up.
        """
        names = [name for flow in flows for name in partitions(org, flow, self.spread)]
        return merge(*(self._positions(name, above, below, at_once) for name in names), reverse=True)

    def has_jobs(self, org: str, flow: str) -> bool:
        """Return whether the org has any job of the flow."""
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
