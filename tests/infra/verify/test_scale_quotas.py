"""The check of the quotas that a stack's settings need, with answers in the form of AWS's own."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from noukai_infra.planning import limits
from noukai_infra.planning.limits import Quota
from noukai_infra.verify.check import CheckFailedError
from noukai_infra.verify.checks.configuration import scale_quotas
from noukai_infra.verify.deployed import Deployed

ASKED: dict[Quota, float] = {
    limits.GATEWAY_RATE: 45_000,
    limits.GATEWAY_BURST: 20_000,
    limits.TABLE_WRITES: 75_000,
    limits.TABLE_READS: 60_000,
}


class Stack(Deployed):
    """A stack that has an API, and nothing else that the check looks for."""

    def resources(self, _kind: str) -> list[str]:
        return ["abc123"]


class Session:
    """A session whose clients answer as AWS does, validated against its service descriptions."""

    def __init__(self, has: dict[Quota, float], warm: dict[str, Any]) -> None:
        given = {
            "region_name": "us-east-1",
            "aws_access_key_id": "x",
            "aws_secret_access_key": "x",
        }
        names = ("apigatewayv2", "dynamodb", "service-quotas")
        session: Any = boto3.Session()
        self.clients: dict[str, Any] = {name: session.client(name, **given) for name in names}
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}
        throttle = {
            "ThrottlingRateLimit": ASKED[limits.GATEWAY_RATE],
            "ThrottlingBurstLimit": ASKED[limits.GATEWAY_BURST],
        }
        stage = {"StageName": "$default", "DefaultRouteSettings": throttle}
        self.stubs["apigatewayv2"].add_response(
            "get_stage", stage, {"ApiId": "abc123", "StageName": "$default"}
        )
        self.stubs["dynamodb"].add_response("describe_table", {"Table": warm}, {"TableName": "jobs"})
        for quota in ASKED:
            self._say(quota, has.get(quota))

    def _say(self, quota: Quota, value: float | None) -> None:
        """Answer with a quota, or, if it was never changed, that there is none."""
        stub, asked = self.stubs["service-quotas"], {"ServiceCode": quota.service, "QuotaCode": quota.code}
        if value is None:
            stub.add_client_error("get_service_quota", "NoSuchResourceException", expected_params=asked)
        else:
            stub.add_response("get_service_quota", {"Quota": {"Value": value}}, asked)

    def client(self, name: str) -> Any:
        return self.clients[name]


WARM = {
    "WarmThroughput": {
        "WriteUnitsPerSecond": ASKED[limits.TABLE_WRITES],
        "ReadUnitsPerSecond": ASKED[limits.TABLE_READS],
    }
}


def checked(has: dict[Quota, float], warm: dict[str, Any]) -> Iterator[str]:
    """Make the check; yield what it has seen, and then what it objects to."""
    session: Any = Session(has, warm)
    nothing: Any = None
    stack = Stack(
        "noukai", {"JobsTable": "jobs"}, session, nothing, "verify", clock=float, sleep=lambda _: None
    )
    seen: list[object] = []
    with ExitStack() as stubs:
        for stub in session.stubs.values():
            stubs.enter_context(stub)
        try:
            scale_quotas(stack, seen.append)
        except CheckFailedError as failed:
            seen.append(failed)
        for stub in session.stubs.values():
            stub.assert_no_pending_responses()
    yield from map(str, seen)


def test_quotas_that_hold_what_is_set_are_right() -> None:
    seen = [*checked(dict(ASKED), WARM)]
    assert len(seen) == len(ASKED)
    assert f"{limits.GATEWAY_RATE.name}: 45,000, of which 45,000 are asked for" in seen


@pytest.mark.parametrize("quota", ASKED, ids=lambda quota: quota.code)
def test_a_quota_that_is_too_low_is_named(quota: Quota) -> None:
    """By a single unit, or since nobody has asked AWS for more than the default."""
    for value in (ASKED[quota] - 1, None):
        has = {each: count for each, count in ASKED.items() if each != quota}
        *_, said = checked(has if value is None else {**has, quota: value}, WARM)
        assert said == f"['{quota.code}'] instead of []"


def test_a_table_without_warm_throughput_needs_no_quota_of_its_own() -> None:
    gateway: dict[Quota, float] = {each: ASKED[each] for each in (limits.GATEWAY_RATE, limits.GATEWAY_BURST)}
    assert len([*checked(gateway, {})]) == len(ASKED)
