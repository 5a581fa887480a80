"""The handler that counts submitted jobs and usage from the stream of the jobs table."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.metrics.job_metrics import is_start
from noukai_functions.names import UNSETTLED_WORK
from noukai_functions.telemetry.logger import logger, logs_failures
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
    records = event.get("Records", ())
    now = deployment.clock.now()
    groups, skipped = _grouped((each for each in records if not is_start(each)), deployment.worker_memory)
    used: dict[str, Usage] = defaultdict(Usage)
    unfinished: dict[str, Unfinished] = defaultdict(Unfinished)
    for (org, day, flow), entries in groups.items():
        try:
            deployment.usage_totals.add(shard, entries, now)
        except AwsError as error:
            if error.code != "ValidationException":
                raise
            logger().exception("usage was not counted", extra={"org": org, "day": day, "flow": flow})
            skipped += len(entries)
            continue
        used[org] = sum((entry.usage for entry in entries), used[org])
        unfinished[org] = sum((entry.unfinished for entry in entries), unfinished[org])
    for org in {org for org, day, _ in groups if deployment.bounds.jobs.is_closed(day, now)}:
        deployment.bounds.jobs.reopen(org)
    for org, usage in used.items():
        deployment.budget_watch.note(org, usage, now)
        deployment.bounds.note(org, unfinished[org], now)
    if skipped:
        deployment.metrics.write({UNSETTLED_WORK: skipped}, now)
    # Last, so that a batch that is retried is not written twice.
    deployment.job_metrics.write(records, now)


def _grouped(records: Iterable[Mapping[str, Any]], memory: int) -> tuple[Groups, int]:
    """Return the entries of records, and how many records can never be counted."""
    groups: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    skipped = 0
    for record in records:
        try:
            if is_restored(record):
                continue
            entry = entry_of(record, memory)
        except (KeyError, TypeError, ValueError, AttributeError):
            extra = {"keys": record.get("dynamodb", {}).get("Keys"), "event_id": record.get("eventID")}
            logger().exception("usage was not counted", extra=extra)
            skipped += 1
        else:
            groups[entry.org, entry.day, entry.flow].append(entry)
    return groups, skipped


@logs_failures
def handler(event: "Event", _context: object) -> dict[str, Any]:
    """Handle a batch of the stream; Lambda requires a window state, and ours is empty."""
    meter(event, deployed())
    return {"state": {}}


get_ready(lambda made: (made.usage_totals, made.budget_watch, made.bounds))
