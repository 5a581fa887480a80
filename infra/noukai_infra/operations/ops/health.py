"""The health of a deployed stack at a glance: findings that are well or in alarm."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_functions.names import JOB_ID, SWEEP_ROW
from noukai_infra.operations.account import Account, resources
from noukai_infra.operations.ops.queues import UNPROCESSED, queue_states
from noukai_infra.operations.resting import resting_readers
from noukai_infra.stack.alarms.limits import MOST_IN_FLIGHT, SWEEP_WITHIN_SECONDS
from noukai_infra.stack.base.stream import UNCOUNTED_PREFIX

if TYPE_CHECKING:
    import boto3

_HOUR = 3600


@dataclass(frozen=True)
class Finding:
    """A part of the system, and whether it is well."""

    name: str
    says: str
    is_well: bool = True


def findings(account: Account, stack: str, now: float) -> Iterator[Finding]:
    """Check a deployed stack, part by part; `now` is in epoch seconds."""
    outputs, session = account.deployed(stack), account.session
    yield from _alarms(session, stack)
    yield from _readers(session, stack, outputs)
    yield from _queues(session, outputs, now)
    yield _uncounted(session, outputs)
    yield _sweep(session, outputs, now)


def _alarms(session: "boto3.Session", stack: str) -> Iterator[Finding]:
    names = resources(session, stack, "AWS::CloudWatch::Alarm")
    pages = session.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNames=names)
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]] if names else []
    raised = [alarm for alarm in alarms if alarm["StateValue"] == "ALARM"]
    for alarm in raised:
        yield Finding(alarm["AlarmName"].removeprefix(f"{stack}-"), alarm["AlarmDescription"], is_well=False)
    if not raised:
        yield Finding("alarms", f"none of {len(alarms)} is raised" if alarms else "there are none")


def _readers(session: "boto3.Session", stack: str, outputs: Mapping[str, str]) -> Iterator[Finding]:
    client = session.client("lambda")
    mappings = [
        client.get_event_source_mapping(UUID=each)
        for each in resources(session, stack, "AWS::Lambda::EventSourceMapping")
    ]
    off = [each for each in mappings if each["State"] in ("Disabled", "Disabling")]
    resting = resting_readers(session, stack, outputs) if off else set()
    broken = [each for each in off if each["UUID"] not in resting]
    for each in broken:
        source = each["EventSourceArn"].rpartition(":")[2]
        yield Finding("readers", f"the mapping {each['UUID']} of {source} is disabled", is_well=False)
    if not broken:
        rest = f", {len(off)} wait for the first webhook" if off else ""
        yield Finding("readers", f"{len(mappings) - len(off)} mappings are enabled{rest}")


def _queues(session: "boto3.Session", outputs: Mapping[str, str], now: float) -> Iterator[Finding]:
    for each in queue_states(session, outputs, now):
        is_well = each.in_flight <= MOST_IN_FLIGHT and not (each.name == UNPROCESSED and each.waiting)
        yield Finding(f"queue {each.name}" if each.is_of_jobs else each.name, each.says, is_well)


def _uncounted(session: "boto3.Session", outputs: Mapping[str, str]) -> Finding:
    found = session.client("s3").list_objects_v2(Bucket=outputs["UncountedBucket"], Prefix=UNCOUNTED_PREFIX)
    count = found.get("KeyCount", len(found.get("Contents", ())))
    more = " or more" if found.get("IsTruncated") else ""
    return Finding("uncounted", f"{count}{more} batches of usage", is_well=count == 0)


def _sweep(session: "boto3.Session", outputs: Mapping[str, str], now: float) -> Finding:
    key: Any = {JOB_ID: {"S": SWEEP_ROW}}
    row = session.client("dynamodb").get_item(TableName=outputs["JobsTable"], Key=key).get("Item")
    if row is None:
        return Finding("sweep", "none has begun yet")
    started = now - int(row["started_at"]["N"]) / 1000
    is_over = "ended_at" in row
    says = f"the last one began {started / _HOUR:.1f} h ago{'' if is_over else ', and goes on'}"
    return Finding("sweep", says, is_well=started <= SWEEP_WITHIN_SECONDS)
