"""Entry: cancel a job, at once and for good."""

from functions.deployment import Deployment
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.reading import is_visible, named_job
from functions.ready import get_ready
from functions.refusals import JobNotFoundError
from functions.results import shown
from functions.store import Refused
from functions.views import job_outline, status_response
from functions.withdrawing import withdraw


def cancel(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Return the job after its cancellation; a terminal job is left as it is.

    A key that may not read sees the state and the times alone.
    """
    job_id, flow = named_job(request.path)
    request.know_query()
    now = deployment.clock.now()
    try:
        job = deployment.store.cancel(job_id, org=caller.org, flow=flow, now=now)
    except Refused as refused:
        if refused.seen is None or not is_visible(refused.seen, caller.org, flow, now):
            raise JobNotFoundError from None
        job = refused.seen
    withdraw(job, deployment)
    if not caller.may_read:
        return Response(job_outline(job))
    return status_response(job, shown(job, deployment), now)


handler = Endpoint(cancel)
get_ready(lambda made: (made.keys, made.store))
