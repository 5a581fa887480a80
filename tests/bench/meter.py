"""The meter: it counts what AWS bills, by stage, at the calls that the functions make."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.bench import prices
from tests.bench.capacity import item_bytes, read_units, write_units
from tests.bench.timeline import Timeline

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

APART = ("flow_gb_seconds", "bytes_out")
"""What is counted, but is no part of a job's price: the flow's own compute, and transfer, whose start is free."""

_METERED = frozenset({"GetItem", "PutItem", "UpdateItem"})


class UnmeteredError(Exception):
    """A function made a call that no job is meant to make: a scan, a query, a transaction."""


@dataclass
class Meter:
    """Amounts by stage and item of the bill; `calls` are the operations of AWS, each with the stage that made it."""

    amounts: Counter[tuple[str, str]] = field(default_factory=Counter)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def add(self, stage: str, item: str, amount: float) -> None:
        """Count an amount of an item."""
        self.amounts[stage, item] += amount  # type: ignore[assignment]  # a Counter holds fractions as well

    def clear(self) -> None:
        """Forget what was counted."""
        self.amounts.clear()
        self.calls.clear()

    def amount(self, item: str, *stages: str) -> float:
        """Sum an item over some stages, or over all."""
        return sum(
            amount for (stage, name), amount in self.amounts.items() if name == item and stage in (stages or stage)
        )

    def usd(self, *stages: str) -> float:
        """Price what some stages, or all, have used, but for what stands apart."""
        return sum(
            prices.usd(item, amount)
            for (stage, item), amount in self.amounts.items()
            if item not in APART and stage in (stages or stage)
        )

    def operations(self, *stages: str) -> list[str]:
        """The operations that some stages have called, in their order."""
        return [operation for stage, operation in self.calls if stage in stages]


@dataclass
class MeteredTables:
    """Counts the capacity that a client of DynamoDB consumes, and lets each of its calls take time.

    `unmetered` is another client of the same tables, which looks at what a write is about to replace.
    """

    unmetered: "DynamoDBClient"
    meter: Meter
    timeline: Timeline

    def attach(self, client: "DynamoDBClient") -> None:
        """Count the calls of a client."""
        client.meta.events.register("before-parameter-build.dynamodb.*", self._note)
        client.meta.events.register("before-call.dynamodb.*", self._before)
        client.meta.events.register("after-call.dynamodb.*", self._after)

    def _note(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["asked"] = dict(params)

    def _before(self, model: Any, context: dict[str, Any], **_: Any) -> None:
        if model.name not in _METERED:
            raise UnmeteredError(model.name)
        actor, asked = self.timeline.actor, context["asked"]
        actor.calls += 1
        self.meter.calls.append((actor.stage, model.name))
        self.timeline.sleep(prices.assumed("dynamodb_ms") / 1000)
        whole_is_unseen = model.name != "GetItem" or "ProjectionExpression" in asked
        context["before"] = self._size(asked) if whole_is_unseen else 0

    def _after(self, model: Any, parsed: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        asked, before, stage = context["asked"], context["before"], self.timeline.actor.stage
        if model.name == "GetItem":
            # A projection is charged as the whole item.
            size = max(before, item_bytes(parsed.get("Item", {})))
            self.meter.add(stage, "read_units", read_units(size, consistent=asked.get("ConsistentRead", False)))
        elif "Error" in parsed:
            self.meter.add(stage, "write_units", write_units(before, before))
        elif asked.get("ReturnValues") == "ALL_NEW":
            self.meter.add(stage, "write_units", write_units(before, item_bytes(parsed["Attributes"])))
        else:
            self.meter.add(stage, "write_units", write_units(before, self._size(asked)))

    def _size(self, asked: Mapping[str, Any]) -> int:
        table, key = asked["TableName"], asked.get("Key")
        if key is None:
            schema = self.unmetered.describe_table(TableName=table)["Table"]["KeySchema"]
            key = {each["AttributeName"]: asked["Item"][each["AttributeName"]] for each in schema}
        answer = self.unmetered.get_item(TableName=table, Key=key, ConsistentRead=True)
        return item_bytes(answer.get("Item", {}))
