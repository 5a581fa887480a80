"""What becomes of a delivery that no attempt follows on: shared by the worker and the reader of dead letters."""

from functions.batch import Batch
from functions.deployment import Deployment
from functions.lifecycle import Job, Verdict, abandoned_because, judge, seconds_until_claimable
from functions.queue import Delivery, Message
from functions.store import Refused


def turn_away(
    delivery: Delivery,
    message: Message,
    seen: Job | None,
    batch: Batch,
    deployment: Deployment,
    *,
    dead: bool = False,
) -> None:
    """Drop the delivery, defer it, or settle its job as failed if nothing else will.

    `dead` says that no worker gets the delivery again.
    """
    now = deployment.clock.now()
    verdict = judge(seen, message.created_at, now)
    if seen is None or verdict is Verdict.DROP:
        return
    if verdict is Verdict.DEFER or (verdict is Verdict.CLAIMABLE and not dead):
        batch.defer(delivery, seconds_until_claimable(seen, now))
        return
    try:
        deployment.store.abandon(seen, error=abandoned_because(seen), now=now)
    except Refused as refused:
        # Somebody was faster: what the row says now decides, at the latest when the delivery returns.
        if refused.seen is not None and not refused.seen.is_terminal:
            batch.defer(delivery, 1)
