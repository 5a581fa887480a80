"""The handler that counts submitted jobs and usage from the stream of the jobs table."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.ready import get_ready
from noukai_functions.telemetry import logger
from noukai_functions.usage.records import Entry, Unfinished, Usage, entry_of, is_restored

if TYPE_CHECKING:
    from noukai_functions.api.endpoint import Event

Groups = Mapping[tuple[str, str, str], list[Entry]]


def meter(event: "Event", deployment: Deployment) -> None:
    """Add one shard's records to the totals: one write per org, day and flow.

    An AWS error is raised, so that the batch is retried, perhaps split differently; records that were already
    counted are skipped. A batch that fails for 23 hours is discarded by Lambda, and counted when the operator
    runs `make recount`. A record that can never be counted is logged and skipped, so that it blocks no
    others.
    """
    # With time windows the event names its shard. An emulator without windows has one shard and names none.
    shard = event.get("shardId", "")
    groups = _grouped(event.get("Records", ()), deployment.worker_memory)
    now = deployment.clock.now()
    used: dict[str, Usage] = defaultdict(Usage)
    unfinished: dict[str, Unfinished] = defaultdict(Unfinished)
    for (org, day, flow), entries in groups.items():
        try:
            deployment.usage_totals.add(shard, entries, now)
        except AwsError as error:
            if error.code != "ValidationException":
                raise
            logger().exception("usage was not counted", extra={"org": org, "day": day, "flow": flow})
            continue
        used[org] = sum((entry.usage for entry in entries), used[org])
        unfinished[org] = sum((entry.unfinished for entry in entries), unfinished[org])
    for org in {org for org, day, _ in groups if deployment.bounds.jobs.is_closed(day, now)}:
        deployment.bounds.jobs.reopen(org)
    for org, usage in used.items():
        deployment.budget_watch.note(org, usage, now)
        deployment.bounds.note(org, unfinished[org], now)


def _grouped(records: Iterable[Mapping[str, Any]], memory: int) -> Groups:
    groups: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for record in records:
        try:
            if is_restored(record):
                continue
            entry = entry_of(record, memory)
        except (KeyError, TypeError, ValueError, AttributeError):
            extra = {"keys": record.get("dynamodb", {}).get("Keys"), "event_id": record.get("eventID")}
            logger().exception("usage was not counted", extra=extra)
        else:
            groups[entry.org, entry.day, entry.flow].append(entry)
    return groups


def handler(event: "Event", _context: object) -> dict[str, Any]:
    """Handle a batch of the stream; Lambda requires a window state, and ours is empty."""
    meter(event, deployed())
    return {"state": {}}


get_ready(lambda made: (made.usage_totals, made.budget_watch, made.bounds))
