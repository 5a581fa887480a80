"""The rate limits of keys."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noukai_functions.clock import Clock
from noukai_functions.names import EXPIRES_AT
from noukai_functions.refusals import TooManyCallsError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT_SECONDS = 60 * 60

_PART = 500
"""The most calls a second that one row counts: DynamoDB writes a row a thousand times a second."""


@dataclass(slots=True)
class RateLimits:
    """The calls of rate-limited keys per second, counted in the usage table for all processes.

    An unlimited key costs nothing here; a limited one costs a write per call. A process that has seen the
    limit exceeded refuses further calls in that second without a write.

    A high limit is counted in parts, each in a row of its own: the first rows count 500 calls, the last one
    the rest. So keys of one counter with different limits share the first rows, and a key that makes narrower
    ones gets no more calls by them.
    """

    client: "DynamoDBClient"
    table_name: str
    clock: Clock
    _exceeded: dict[tuple[str, int], int] = field(default_factory=dict)

    def count(self, key: str, limit: int) -> None:
        """Count a call of the key; refuse it if it exceeds the limit."""
        now = self.clock.now()
        second = now // 1000
        parts = -(-limit // _PART)
        for number in range(parts):
            # Calls of the same time begin at different parts; the full ones are left out.
            part = (now + number) % parts
            name, most = f"{key}#{part}" if part else key, min(_PART, limit - part * _PART)
            if self._exceeded.get((name, most)) == second:
                continue
            if self._add(name, second) <= most:
                return
            self._exceeded[name, most] = second
        raise TooManyCallsError(limit, wait_ms=(second + 1) * 1000 - now)

    def _add(self, key: str, second: int) -> int:
        answer = self.client.update_item(
            TableName=self.table_name,
            Key={"o": {"S": f"#rate/{key}"}, "k": {"S": str(second)}},
            UpdateExpression=f"SET {EXPIRES_AT} = :end ADD n :one",
            ExpressionAttributeValues={":end": {"N": str(second + _KEPT_SECONDS)}, ":one": {"N": "1"}},
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["n"]["N"])
