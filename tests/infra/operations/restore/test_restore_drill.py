"""The drill of a restoration on the whole stack, as far as the emulator goes: it copies the rows of today."""

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

import boto3
import pytest

from noukai_functions.jobs.row import encode
from noukai_infra.local.assembly.assembly import Assembly
from noukai_infra.local.assembly.emulated_stack import EmulatedStack
from noukai_infra.local.emulator.emulator import Emulator
from noukai_infra.local.emulator.endpoint import ACCOUNT, REGION
from noukai_infra.operations.account import Account, resources
from noukai_infra.operations.restore.record import Progress
from noukai_infra.operations.restore.restoration import Restoration
from noukai_infra.operations.restore.standstill import Standstill
from tests.job_rows import pending

STACK = "noukai"


def standing(account: Account) -> tuple[dict[str, int], set[Any]]:
    """Say how many mappings read, and what concurrency functions have for themselves."""
    client = account.session.client("lambda")
    mappings = resources(account.session, STACK, "AWS::Lambda::EventSourceMapping")
    functions = resources(account.session, STACK, "AWS::Lambda::Function")
    reserved = [client.get_function_concurrency(FunctionName=name) for name in functions]
    return (
        dict(Counter(client.get_event_source_mapping(UUID=uuid)["State"] for uuid in mappings)),
        {each.get("ReservedConcurrentExecutions") for each in reserved},
    )


def test_whole_stack_stands_still_and_goes_on(
    emulator: Emulator, assembly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its functions and mappings are found and stopped; afterwards they are as the template has them."""
    for name, value in emulator.endpoint.environment.items():
        monkeypatch.setenv(name, value)
    asyncio.run(EmulatedStack.of(emulator.endpoint).create(Assembly.read(assembly), now=0))
    account = Account(boto3.Session(region_name=REGION), ACCOUNT, REGION)
    dynamodb, table = account.session.client("dynamodb"), account.deployed(STACK)["JobsTable"]
    now = time.time_ns() // 10**6
    dynamodb.put_item(TableName=table, Item=encode(pending(now)))
    before, tables = standing(account), dynamodb.list_tables()["TableNames"]
    seen: list[object] = []

    def look(_seconds: float) -> None:
        seen.append(standing(account))

    restoration = Restoration(account, STACK, lambda: now, look, lambda _: None)
    restoration.run(Progress(now, ["jobs", "usage", "keys", "schedules", "webhooks"], now))
    assert seen[-1] == ({"Disabled": 6}, {0})
    assert standing(account) == before
    assert before[0] == {"Enabled": 4, "Disabled": 2}
    assert dynamodb.list_tables()["TableNames"] == tables
    # With an endpoint, those of webhooks read as well.
    row: Any = {"o": {"S": "acme"}, "k": {"S": "#endpoint"}}
    dynamodb.put_item(TableName=account.deployed(STACK)["WebhooksTable"], Item=row)
    standstill = Standstill(account, STACK, look)
    standstill.begin()
    standstill.complete()
    standstill.end()
    assert standing(account)[0] == {"Enabled": 6}
    assert dynamodb.scan(TableName=table)["Items"] == [encode(pending(now))]
