"""The cost of a key of the company's own, from the template that uses it."""

from collections.abc import Iterator, Mapping
from typing import Any

_USD_A_MONTH = 1.0
_USD_PER_REQUEST = 0.03 / 10_000
"""https://aws.amazon.com/kms/pricing/"""

_HOURS = 30 * 24
_DYNAMODB_PER_HOUR = 12
"""DynamoDB asks for the key of a table again after five minutes, for each caller:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html."""

_QUEUES_PER_HOUR = 1
"""Our queues use a data key for an hour."""


def key_lines(template: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a deploy says about the company's key, if the template has one."""
    if key := _key(template):
        requests = most_requests(template)
        yield (
            f"The key {key} costs {_USD_A_MONTH:.2f} USD a month and 0.03 USD per 10,000 requests: if every "
            f"function is busy all month, about {requests:,} requests for tables and queues, "
            f"{requests * _USD_PER_REQUEST:.2f} USD. Data keys are cached, so that this does not grow with "
            "the jobs; a start of a worker and a large input or result add a request at most."
        )


def _key(template: Mapping[str, Any]) -> str | None:
    keys = (each["Properties"].get("KmsMasterKeyId") for each in _of_type(template, "AWS::SQS::Queue"))
    return next(filter(None, keys), None)


def most_requests(template: Mapping[str, Any]) -> int:
    """Return the requests of a month in which every role uses every table and queue of its rights."""
    tables: set[tuple[str, str]] = set()
    queues: set[tuple[str, str]] = set()
    for policy in _of_type(template, "AWS::IAM::Policy"):
        role = str(policy["Properties"]["Roles"])
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            service = str(_listed(statement["Action"])[0]).partition(":")[0]
            used = {"dynamodb": tables, "sqs": queues}.get(service, set())
            used |= {(role, str(each)) for each in _listed(statement["Resource"])}
    return _HOURS * (len(tables) * _DYNAMODB_PER_HOUR + len(queues) * _QUEUES_PER_HOUR)


def _of_type(template: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    return (each for each in template.get("Resources", {}).values() if each["Type"] == kind)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
