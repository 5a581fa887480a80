"""Settling, as failed, a job that nobody runs and nothing will run any more."""

from functions.deployment import Deployment
from functions.lifecycle import Job, abandoned_because
from functions.store import Refused
from functions.text import cut


def settled(seen: Job, deployment: Deployment, now: int) -> Job:
    """Give a job as a reader may see it: one that nobody will ever run is settled, so that nothing waits for ever."""
    return (abandon(seen, deployment, now) or seen) if seen.is_overdue(now) else seen


def abandon(seen: Job, deployment: Deployment, now: int) -> Job | None:
    """Settle the job if it still stands as it was seen; gives it as it stands afterwards, None if it is gone."""
    try:
        return deployment.store.abandon(seen, error=cut(abandoned_because(seen)), now=now)
    except Refused as refused:
        return refused.seen
