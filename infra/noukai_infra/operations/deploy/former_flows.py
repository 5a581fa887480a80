"""The former flows: lists still show their jobs, and the operator is told how many are waiting.

The metadata of a stack's template names its current and former flows.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from noukai_functions.names import (
    INDEX,
    INDEX_ORDER,
    INDEX_PARTITION,
    INDEX_PARTITIONS,
    JOB_ID,
    PENDING,
    STATE,
)
from noukai_infra.operations.account import Account
from noukai_infra.operations.orgs.keys import Keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_LOOKED_AT = 1000
"""How many jobs of a flow are checked for waiting ones, the newest of each org."""

_ROWS_AT_ONCE = 100
_METADATA = "Flows"


@dataclass(frozen=True)
class FlowNames:
    """The flows of a template by `project/flow`: current and former."""

    live: tuple[str, ...] = ()
    former: tuple[str, ...] = ()

    @classmethod
    def of(cls, template: Mapping[str, Any]) -> Self:
        """Return the flows named in a template; empty if it names none."""
        named = template.get("Metadata", {}).get(_METADATA, {})
        return cls(tuple(named.get("live", ())), tuple(named.get("former", ())))

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the metadata that records the flows in a template."""
        return {_METADATA: {"live": list(self.live), "former": list(self.former)}}


@dataclass(frozen=True)
class DeployedFlows:
    """The flows of a deployed stack, and their jobs."""

    client: "DynamoDBClient"
    keys: Keys
    table: str
    names: FlowNames

    @classmethod
    def of(cls, account: Account, stack: str) -> Self | None:
        """Return the flows of a deployed stack; None if the stack does not exist."""
        outputs = account.outputs(stack)
        if outputs is None:
            return None
        client = account.session.client("dynamodb")
        keys = Keys(client, outputs["KeysTable"])
        return cls(client, keys, outputs["JobsTable"], FlowNames.of(account.template(stack)))

    def to_remember(self) -> list[str]:
        """Return the flows that the next deploy must record: current ones, and former ones with jobs."""
        left = (flow for flow in self.names.former if next(self._jobs(flow), None) is not None)
        return [*self.names.live, *left]

    def farewells(self, assembly: Path, stack: str) -> list[str]:
        """Return for each removed flow how many jobs are waiting for it."""
        following = FlowNames.of(json.loads((assembly / f"{stack}.template.json").read_text()))
        return [self._farewell(flow) for flow in self.names.live if flow not in following.live]

    def _farewell(self, flow: str) -> str:
        jobs = self._jobs(flow)
        waiting = self._count_waiting(list(islice(jobs, _MOST_LOOKED_AT)))
        is_all = next(jobs, None) is None
        many = f"{waiting} jobs wait" if waiting != 1 else "1 job waits"
        among = "" if is_all else f" among the {_MOST_LOOKED_AT} that were checked"
        fails = (
            "; what still waits when its turn comes fails, and stays in lists"
            if waiting or not is_all
            else ""
        )
        return f"The flow {flow} goes: {many} for it{among}{fails}."

    @cached_property
    def _orgs(self) -> list[str]:
        return sorted({row.org for row in self.keys.rows()} - {""})

    def _jobs(self, flow: str) -> Iterator[str]:
        """Yield the ids of a flow's jobs, org by org, newest first."""
        for org in self._orgs:
            for number in range(INDEX_PARTITIONS):
                pages = self.client.get_paginator("query").paginate(
                    TableName=self.table,
                    IndexName=INDEX,
                    KeyConditionExpression=f"{INDEX_PARTITION} = :partition",
                    ExpressionAttributeValues={":partition": {"S": f"{org}/{flow}#{number}"}},
                    ScanIndexForward=False,
                    PaginationConfig={"PageSize": _MOST_LOOKED_AT},
                )
                yield from (
                    item[INDEX_ORDER]["S"].partition("#")[2] for page in pages for item in page["Items"]
                )

    def _count_waiting(self, ids: list[str]) -> int:
        count = 0
        for first in range(0, len(ids), _ROWS_AT_ONCE):
            wanted: Any = {self.table: _states_of(ids[first : first + _ROWS_AT_ONCE])}
            while wanted:
                answer = self.client.batch_get_item(RequestItems=wanted)
                count += sum(
                    row.get(STATE, {}).get("S") == PENDING for row in answer["Responses"][self.table]
                )
                wanted = answer.get("UnprocessedKeys")
        return count


def _states_of(ids: list[str]) -> dict[str, Any]:
    return {"Keys": [{JOB_ID: {"S": id_}} for id_ in ids], "ProjectionExpression": f"{JOB_ID}, {STATE}"}
