"""Settling, as failed, a job that nobody runs and nothing will run any more."""

from functions.deployment import Deployment
from functions.lifecycle import Job, abandoned_because
from functions.store import Refused


def abandon(seen: Job, deployment: Deployment, now: int) -> Job | None:
    """Settle the job if it still stands as it was seen; gives it as it stands afterwards, None if it is gone."""
    try:
        return deployment.store.abandon(seen, error=abandoned_because(seen), now=now)
    except Refused as refused:
        return refused.seen
