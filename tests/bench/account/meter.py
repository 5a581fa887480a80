"""The meter: it counts what AWS bills, by stage, at the calls that the functions make."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from noukai_functions.aws.direct_client import DirectClient
from tests.bench import prices
from tests.bench.account.capacity import item_bytes, read_units, write_units
from tests.bench.account.timeline import Timeline

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

APART = ("flow_gb_seconds",)
"""Counted, but no part of a job's price: the flow's own compute."""

_WRITES = frozenset({"PutItem", "UpdateItem"})
_METERED = _WRITES | {"GetItem", "BatchGetItem", "Query"}


Item = dict[str, Any]


class UnmeteredError(Exception):
    """An error for a call that no job is meant to make: a scan, a transaction."""


@dataclass
class Meter:
    """Amounts by stage and item of the bill; `calls` are the operations of AWS and their stages."""

    amounts: Counter[tuple[str, str]] = field(default_factory=Counter)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def add(self, stage: str, item: str, amount: float) -> None:
        """Count an amount of an item."""
        self.amounts[stage, item] += amount  # type: ignore[assignment]  # a Counter holds fractions as well

    def scale(self, stage: str, factor: float) -> None:
        """Bill only a part of what a stage has used."""
        for key in [key for key in self.amounts if key[0] == stage]:
            self.amounts[key] *= factor  # type: ignore[assignment]  # a Counter holds fractions as well

    def clear(self) -> None:
        """Forget what was counted."""
        self.amounts.clear()
        self.calls.clear()

    def amount(self, item: str, *stages: str) -> float:
        """Return the sum of an item over some stages, or over all."""
        return sum(
            amount
            for (stage, name), amount in self.amounts.items()
            if name == item and stage in (stages or stage)
        )

    def usd(self, *stages: str) -> float:
        """Return the price of what some stages, or all, have used, without what is billed apart."""
        return sum(
            prices.usd(item, amount)
            for (stage, item), amount in self.amounts.items()
            if item not in APART and stage in (stages or stage)
        )

    def operations(self, *stages: str) -> list[str]:
        """Return the operations that some stages have called, in their order."""
        return [operation for stage, operation in self.calls if stage in stages]


@dataclass
class MeteredTables:
    """A meter on a DynamoDB client: it counts consumed capacity, and each call takes simulated time.

    `unmetered` is another client of the same tables. It reads the item that a write is about to replace.
    """

    unmetered: "DynamoDBClient"
    meter: Meter
    timeline: Timeline

    def attach(self, client: DirectClient) -> None:
        """Count the calls of a client."""
        inner = client.call

        def call(operation: str, parameters: dict[str, Any]) -> Any:
            return self._metered(operation, parameters, inner)

        client.call = call  # type: ignore[method-assign]

    def _metered(
        self, operation: str, asked: dict[str, Any], call: Callable[[str, dict[str, Any]], Any]
    ) -> Any:
        if operation not in _METERED:
            raise UnmeteredError(operation)
        actor = self.timeline.actor
        actor.calls += 1
        self.meter.calls.append((actor.stage, operation))
        self.timeline.sleep(prices.assumed("dynamodb_ms") / 1000)
        if operation not in _WRITES:
            answer = call(operation, asked)
            self.meter.add(
                self.timeline.actor.stage, "read_units", self._units_read(operation, asked, answer)
            )
            return answer
        table, key = asked["TableName"], self._key(asked)
        before = self._item(table, key)
        try:
            return call(operation, asked)
        finally:
            # A refused write is billed, too.
            after = self._item(table, key)
            units = write_units(item_bytes(before), item_bytes(after)) + self._index_units(
                table, before, after
            )
            self.meter.add(self.timeline.actor.stage, "write_units", units)

    def _units_read(self, operation: str, asked: Mapping[str, Any], parsed: Mapping[str, Any]) -> float:
        """Return the units of a read; a query is billed for all it has found, a batch for each row."""
        if operation == "Query":
            return read_units(
                sum(map(item_bytes, parsed["Items"])), consistent=asked.get("ConsistentRead", False)
            )
        batch = (
            asked["RequestItems"]
            if operation == "BatchGetItem"
            else {asked["TableName"]: {**asked, "Keys": [asked["Key"]]}}
        )
        # A projection is charged as the whole item.
        return sum(
            read_units(item_bytes(self._item(table, key)), consistent=each.get("ConsistentRead", False))
            for table, each in batch.items()
            for key in each["Keys"]
        )

    def _index_units(self, table: str, before: Item, after: Item) -> int:
        """Count the entries that a write removes from, and adds to, the indexes, which hold keys alone."""
        units = 0
        for index in self.unmetered.describe_table(TableName=table)["Table"].get(
            "GlobalSecondaryIndexes", []
        ):
            names = [each["AttributeName"] for each in index["KeySchema"]]
            old, new = ({name: item[name] for name in names if name in item} for item in (before, after))
            if old != new:
                units += sum(write_units(item_bytes(each), 0) for each in (old, new) if each)
        return units

    def _key(self, asked: Mapping[str, Any]) -> Item:
        if "Key" in asked:
            return dict(asked["Key"])
        schema = self.unmetered.describe_table(TableName=asked["TableName"])["Table"]["KeySchema"]
        return {each["AttributeName"]: asked["Item"][each["AttributeName"]] for each in schema}

    def _item(self, table: str, key: Item) -> Item:
        return dict(self.unmetered.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {}))
