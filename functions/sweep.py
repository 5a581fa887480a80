"""Entry: settle, once a day, the jobs that nobody runs and nobody asks for, so that nothing waits for ever."""

from functions.abandoning import abandon
from functions.deployment import Deployment, deployed
from functions.http import Event
from functions.telemetry import logger


def sweep(deployment: Deployment) -> int:
    """Settle every overdue job as failed; gives how many there were."""
    now = deployment.clock.now()
    overdue = [job for job in deployment.store.given_up(now) if job.is_overdue(now)]
    for job in overdue:
        abandon(job, deployment, now)
        logger().warning("a job was given up", extra={"job_id": job.id})
    return len(overdue)


def handler(_event: Event, _context: object) -> None:
    """Serve the schedule."""
    sweep(deployed())
