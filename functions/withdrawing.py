"""The withdrawal of a cancelled job's scheduled message."""

from functions.deployment import Deployment
from functions.lifecycle import Job, State


def withdraw(job: Job, deployment: Deployment) -> None:
    """Delete the schedule of a cancelled job, and keep its input for a retry.

    Again changes nothing.

    The job is cancelled before. A schedule that fires meanwhile sends a message that a worker drops.
    """
    now = deployment.clock.now()
    if job.state is not State.CANCELLED or not job.has_schedule(now):
        return
    message = deployment.schedules.read(job)
    if message is not None:
        deployment.inputs.keep(message, job, now)
        deployment.schedules.delete(job)
