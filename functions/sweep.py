"""Entry: settle, once a day, the jobs that nobody runs and nobody asks for, so that nothing waits for ever."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.abandoning import abandon
from functions.deployment import Deployment, deployed
from functions.lifecycle import Job
from functions.telemetry import logger

if TYPE_CHECKING:
    from functions.http import Event


def sweep(deployment: Deployment) -> int:
    """Settle every overdue job as failed, as it is come upon; gives how many there were."""
    now = deployment.clock.now()
    return sum(_settle(job, deployment, now) for job in deployment.store.given_up(now) if job.is_overdue(now))


def _settle(job: Job, deployment: Deployment, now: int) -> bool:
    """Give the job up; one that cannot be settled today keeps none of the others."""
    try:
        standing = abandon(job, deployment, now)
    except (BotoCoreError, ClientError):
        logger().exception("an overdue job stays", extra={"job_id": job.id})
        return False
    if standing is None or not standing.is_terminal:
        return False
    logger().warning("a job was given up", extra={"job_id": job.id})
    return True


def handler(_event: "Event", _context: object) -> None:
    """Serve the schedule."""
    sweep(deployed())
