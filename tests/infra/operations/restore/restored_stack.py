"""A stack on moto whose tables are restored, and what may happen to it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.awslambda.models import LambdaBackend

from noukai_functions.jobs.lifecycle import State
from noukai_functions.jobs.row import encode
from noukai_infra.operations.account import Account
from noukai_infra.operations.restore.record import TableName
from noukai_infra.operations.restore.restoration import Restoration
from tests.functions.stand_ins.tables import one_call_at_a_time
from tests.infra.operations.restore.recovery import RecoveringSession, Recovery
from tests.job_rows import pending

REGION = "us-east-1"
STACK = "noukai"
NOW = 1_800_000_000_000
HOUR_MS = 3_600_000
MOMENT = datetime.fromtimestamp((NOW - 2 * HOUR_MS) / 1000, UTC)
KEYS = {"jobs": ["id"], "usage": ["o", "k"], "keys": ["hash"], "webhooks": ["o", "k"]}
BOTH: list[TableName] = ["jobs", "usage"]


def _table(keys: list[str], **more: object) -> dict[str, Any]:
    schema = [
        {"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"), strict=False)
    ]
    names = sorted({*keys, *(("lp", "lo") if more else ())})
    attributes = [{"AttributeName": name, "AttributeType": "S"} for name in names]
    properties = {
        "KeySchema": schema,
        "AttributeDefinitions": attributes,
        "BillingMode": "PAY_PER_REQUEST",
        **more,
    }
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties}


def _function(**more: object) -> dict[str, Any]:
    code = {"Runtime": "python3.13", "Handler": "index.handler", "Code": {"ZipFile": "handler = print"}}
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {**code, "Role": {"Fn::GetAtt": ["Role", "Arn"]}, **more},
    }


def _mapping(function: str, source: list[str], **more: object) -> dict[str, Any]:
    properties = {"FunctionName": {"Ref": function}, "EventSourceArn": {"Fn::GetAtt": source}, **more}
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}


INDEX = {
    "IndexName": "newest",
    "KeySchema": [{"AttributeName": "lp", "KeyType": "HASH"}, {"AttributeName": "lo", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
TRUST = {
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    ]
}
RESOURCES = {
    "Jobs": _table(KEYS["jobs"], GlobalSecondaryIndexes=[INDEX], StreamSpecification=STREAM),
    "Usage": _table(KEYS["usage"]),
    "Keys": _table(KEYS["keys"]),
    "Webhooks": _table(KEYS["webhooks"]),
    "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Wait": _function(ReservedConcurrentExecutions=7),
    "Worker": _function(),
    "Metering": _function(),
    "Deliveries": _mapping("Worker", ["Queue", "Arn"]),
    "Records": _mapping("Metering", ["Jobs", "StreamArn"], StartingPosition="TRIM_HORIZON"),
}
OUTPUTS = {f"{name}Table": {"Value": {"Ref": name}} for name in ("Jobs", "Usage", "Keys", "Webhooks")}


class Deployment:
    """A stack with four tables, some of which are restored, on a clock that sleeping moves."""

    def __init__(self) -> None:
        self.time = NOW
        credentials: Any = {
            "region_name": REGION,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }
        self.dynamodb = boto3.client("dynamodb", **credentials)
        self.recovery = Recovery(self.dynamodb, boto3.client("dynamodb", **credentials), lambda: self.time)
        self.account = Account(RecoveringSession(self.recovery, REGION), "123456789012", REGION)
        body = json.dumps({"Resources": RESOURCES, "Outputs": OUTPUTS})
        self.account.session.client("cloudformation").create_stack(StackName=STACK, TemplateBody=body)
        self.names = {name: self.account.deployed(STACK)[f"{name.title()}Table"] for name in KEYS}
        ttl: Any = {"Enabled": True, "AttributeName": "t"}
        self.dynamodb.update_time_to_live(TableName=self.names["jobs"], TimeToLiveSpecification=ttl)
        self.said: list[str] = []

    @property
    def restoration(self) -> Restoration:
        return Restoration(self.account, STACK, lambda: self.time, self.sleep, self.said.append)

    def sleep(self, seconds: float) -> None:
        self.time += round(seconds * 1000)

    def restore(self, tables: list[TableName] = BOTH, moment: datetime = MOMENT) -> None:
        """Do what the command does: go on with what is under way, or begin."""
        restoration = self.restoration
        restoration.run(restoration.record.read() or restoration.plan(moment, tables))

    def put(self, table: str, *rows: Any) -> None:
        for row in rows:
            self.dynamodb.put_item(TableName=self.names[table], Item=row)

    def rows(self, table: str) -> dict[str, Any]:
        rows = self.dynamodb.scan(TableName=self.names[table])["Items"]
        return {"/".join(row[key]["S"] for key in KEYS[table]): row for row in rows}

    def empty(self) -> None:
        """Delete all rows, and go back to the beginning."""
        self.time = NOW
        for table, keys in KEYS.items():
            for row in self.rows(table).values():
                self.dynamodb.delete_item(TableName=self.names[table], Key={key: row[key] for key in keys})

    def note(self) -> None:
        self.recovery.note(MOMENT, *self.names.values())

    def shape(self) -> object:
        """Say what else the tables and the functions are."""
        functions, mappings = (self.running(), self.reading())
        tables = [self.dynamodb.describe_table(TableName=name)["Table"] for name in self.names.values()]
        kept = [
            (each["TableArn"], each.get("LatestStreamArn"), len(each.get("GlobalSecondaryIndexes", [])))
            for each in tables
        ]
        ttl: Any = self.dynamodb.describe_time_to_live(TableName=self.names["jobs"])["TimeToLiveDescription"]
        return kept, ttl, functions, mappings, sorted(self.dynamodb.list_tables()["TableNames"])

    def running(self) -> dict[str, int | None]:
        """Say what concurrency each function has for itself."""
        client = self.account.session.client("lambda")
        names = [each["FunctionName"] for each in client.list_functions()["Functions"]]
        reserved = [client.get_function_concurrency(FunctionName=name) for name in names]
        return {
            name.split("-")[1]: each.get("ReservedConcurrentExecutions")
            for name, each in zip(names, reserved, strict=True)
        }

    def reading(self) -> dict[str, str]:
        """Say of each mapping whether it reads, by its UUID."""
        found = self.account.session.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        return {each["UUID"]: each["State"] for each in found}


@contextmanager
def deployed() -> Iterator[Deployment]:
    """Make one on moto, which would run the readers of streams in containers."""
    with (
        mock_aws(),
        one_call_at_a_time(),
        patch.object(LambdaBackend, "send_dynamodb_items", return_value=True),
    ):
        yield Deployment()


def fill(deployment: Deployment) -> None:
    """Give it two hours in which much happens, and nothing else."""
    deployment.empty()
    then = NOW - 3 * HOUR_MS
    waiting, ran, gone = (pending(then, id=f"job_{name}") for name in ("waiting", "ran", "gone"))
    expired = replace(
        gone, id="job_expired", state=State.COMPLETED, completed_at=then, expires_at=NOW // 1000 - 60
    )
    deployment.put(
        "jobs", *map(encode, (waiting, ran, gone, expired)), {"id": {"S": "#sweep"}, "settled": {"N": "1"}}
    )
    deployment.put("usage", {"o": {"S": "acme"}, "k": {"S": "day"}, "c": {"N": "1"}})
    deployment.put("keys", {"hash": {"S": "revoked"}}, {"hash": {"S": "deleted"}})
    deployment.note()
    done = replace(ran, state=State.COMPLETED, completed_at=NOW, expires_at=NOW // 1000 + 86_400)
    deployment.put("jobs", encode(done), encode(pending(NOW, id="job_new")))
    for job in ("job_gone", "job_expired"):
        deployment.dynamodb.delete_item(TableName=deployment.names["jobs"], Key={"id": {"S": job}})
    deployment.put(
        "usage", {"o": {"S": "acme"}, "k": {"S": "day"}, "c": {"N": "2"}}, {"o": {"S": "b"}, "k": {"S": "c"}}
    )
    deployment.put("keys", {"hash": {"S": "revoked"}, "revoked": {"N": "1"}}, {"hash": {"S": "new"}})
    deployment.dynamodb.delete_item(TableName=deployment.names["keys"], Key={"hash": {"S": "deleted"}})


class CrashError(Exception):
    """The operator's machine goes off."""


def crashing(deployment: Deployment, after: int, tables: list[TableName] = BOTH) -> bool:
    """Restore, and break off after so many calls that change anything; say whether it came to that."""
    count = 0
    writes = ("put", "update", "delete", "create", "batch_write", "restore")

    def look(model: Any, **_: Any) -> None:
        nonlocal count
        if any(model.name.lower().startswith(write.replace("_", "")) for write in writes):
            count += 1
            if count > after:
                raise CrashError

    clients = ("lambda", "ssm")
    sessions = [
        deployment.dynamodb.meta.events,
        *(deployment.account.session.client(name).meta.events for name in clients),  # type: ignore[call-overload]
    ]
    for events in sessions:
        events.register("before-call", look)
    try:
        deployment.restore(tables)
    except CrashError:
        return True
    finally:
        for events in sessions:
            events.unregister("before-call", look)
    return False
