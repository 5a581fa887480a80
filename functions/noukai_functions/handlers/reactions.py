"""The handler that reacts to the ends of jobs, from the stream of the jobs table or the queue of retries.

A failed record of a stream holds up all that follow it. So each reaction to each job has its own `try`; one
that fails goes to a queue of retries, and only if that fails is the record reported.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from noukai_functions.api.statuses import job_status
from noukai_functions.aws import AwsError
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.row import decode
from noukai_functions.refusals import UnreadableRowError
from noukai_functions.telemetry.logger import job_fields, logger, logs_failures
from noukai_functions.timestamps import timestamp
from noukai_functions.usage.records import is_restored
from noukai_functions.webhooks.sending.message import Event, body_of
from noukai_functions.webhooks.sending.telling import Ended
from noukai_wire.limits import MAX_WEBHOOK_RESULT_BYTES

if TYPE_CHECKING:
    from noukai_functions.api.endpoint import Event as LambdaEvent

Image = Mapping[str, Any]
"""The row of a job, as the stream has it."""

Jobs = Mapping[int, Job]
"""The jobs of a batch by their places in it."""

Reaction = Callable[[Jobs, Deployment], set[int]]
"""React to jobs; return the places of those whose reaction has failed."""

WEBHOOKS, EVENT_BUS = "webhooks", "event_bus"


def react(event: "LambdaEvent", deployment: Deployment) -> dict[str, Any]:
    """Handle the end of each job of a batch; return the items that must come again."""
    records = event["Records"]
    if records and "body" in records[0]:
        return _answer(records[number]["messageId"] for number in _again(records, deployment))
    images = {
        place: record["dynamodb"]["NewImage"]
        for place, record in enumerate(records)
        if not is_restored(record)
    }
    unkept = set[int]()
    jobs = _jobs(images)
    for name, reaction in _reactions(deployment).items():
        failed = reaction(jobs, deployment)
        unkept |= {place for place in failed if not _retry_later(name, images[place], deployment)}
    return _answer(records[place]["dynamodb"]["SequenceNumber"] for place in sorted(unkept))


def _again(records: list[Mapping[str, Any]], deployment: Deployment) -> set[int]:
    """Repeat reactions that had failed; return the numbers of those that have failed again."""
    failed: set[int] = set()
    for number, record in enumerate(records):
        message = json.loads(record["body"])
        reaction = _reactions(deployment).get(message["reaction"])
        if reaction is not None and reaction(_jobs({number: message["row"]}), deployment):
            failed.add(number)
    return failed


def _jobs(images: Mapping[int, Image]) -> Jobs:
    """Decode the rows; one that cannot be read is logged, since it never can."""
    jobs: dict[int, Job] = {}
    for place, image in images.items():
        try:
            jobs[place] = decode(image)
        except UnreadableRowError as error:
            extra = {"job_id": error.job_id, "org": error.org}
            logger().exception("the end of a job cannot be told", extra=extra)
    return jobs


def _reactions(deployment: Deployment) -> Mapping[str, Reaction]:
    on_bus = {EVENT_BUS: _put_on_bus} if deployment.event_bus is not None else {}
    return {WEBHOOKS: _tell_webhooks, **on_bus}


def _tell_webhooks(jobs: Jobs, deployment: Deployment) -> set[int]:
    telling = deployment.new_telling()
    failed: set[int] = set()
    for place, job in jobs.items():
        if job.webhook is None:
            continue  # the event bus alone has asked for it
        try:
            telling.add(place, Ended(job.org, job.created_at, job.webhook, event_of(job, deployment)))
        except Exception:  # noqa: BLE001 - a job's own failure must not hold up the others
            logger().exception("the end of a job was not told", extra=job_fields(job))
            failed.add(place)
    return failed | telling.send()


def _put_on_bus(jobs: Jobs, deployment: Deployment) -> set[int]:
    if deployment.event_bus is None:
        return set()
    failed: set[int] = set()
    events: dict[int, Event] = {}
    for place, job in jobs.items():
        try:
            events[place] = event_of(job, deployment)
        except Exception:  # noqa: BLE001 - as above
            logger().exception("the end of a job was not told", extra=job_fields(job))
            failed.add(place)
    places = list(events)
    return failed | {places[number] for number in deployment.event_bus.send(list(events.values()))}


def event_of(job: Job, deployment: Deployment) -> Event:
    """Return the event of a job's end, with its status; a large result is left out."""
    at = job.completed_at or job.created_at
    size = job.result_object.size if job.result_object else len((job.result or "").encode())
    is_large = size > MAX_WEBHOOK_RESULT_BYTES
    status = job_status(job, {} if is_large else deployment.outputs.shown(job))
    if is_large:
        status["resultOmitted"] = True
    kind = f"job.{job.state.value}"
    return Event(at, kind, body_of(kind, timestamp(at), status), job.id, job.flow)


def _retry_later(name: str, image: Image, deployment: Deployment) -> bool:
    """Send a failed reaction to the queue of retries; return whether it was sent."""
    body = json.dumps({"reaction": name, "row": image}, separators=(",", ":"))
    try:
        deployment.retry_queue.send(body)
    except AwsError:
        logger().exception("a failed reaction could not be kept")
        return False
    return True


def _answer(items: Iterable[str]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": item} for item in items]}


@logs_failures
def handler(event: "LambdaEvent", _context: object) -> dict[str, Any]:
    """Handle a batch of the stream, or of the queue of retries."""
    return react(event, deployed())


get_ready(lambda made: (made.new_telling(), made.outputs))
