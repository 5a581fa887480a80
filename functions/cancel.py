"""Entry: cancel a job, at once and for good."""

from functions.deployment import Deployment
from functions.errors import job_not_found
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.reading import is_visible, named_job, status_response
from functions.store import Refused
from functions.withdrawing import withdraw
from noukai_wire.scopes import Scope


def cancel(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Answer with the job as it stands afterwards; a terminal job is left as it is."""
    job_id, flow = named_job(request)
    now = deployment.clock.now()
    try:
        job = deployment.store.cancel(job_id, org=caller.org, flow=flow, now=now)
    except Refused as refused:
        if refused.seen is None or not is_visible(refused.seen, caller, flow, now):
            raise job_not_found() from None
        job = refused.seen
    withdraw(job, deployment)
    return status_response(job, deployment, now)


handler = Endpoint(cancel, scope=Scope.CANCEL)
