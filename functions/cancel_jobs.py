"""Entry: cancel the jobs of a flow that a filter selects, page by page."""

from functions.aws import AwsError
from functions.body import read_object
from functions.deployment import Deployment
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.lifecycle import UNSETTLED, Job
from functions.page import read_page
from functions.ready import get_ready
from functions.refusals import UnreadableRowError
from functions.row import order
from functions.selection import Place, Selection, parse_selection
from functions.store import Refused
from functions.telemetry import logger
from functions.views import unreadable_entries
from functions.withdrawing import withdraw

_MOST_JOBS = 100
_MOST_MS = 20_000
"""From the request's arrival: what is left then is the next page's, since the gateway gives up after 30 s."""


def cancel_jobs(request: Request, _caller: Caller, deployment: Deployment) -> Response:
    """Return the number of cancelled jobs, and the cursor of the next page if there may be more.

    Jobs that come later than the first page are newer than all that follow, and stay.
    """
    place = Place.named(request.path, deployment.catalog, deployment.index.has_jobs)
    fields = {name: value for name, value in read_object(request.body).items() if value is not None}
    selection = parse_selection(place, fields, among=UNSETTLED)
    request.know_query()
    page = read_page(selection, deployment, _MOST_JOBS)
    cancelled, end = 0, page.end
    for job in page.jobs:
        cancelled += _cancel(job, selection, deployment)
        if deployment.clock.now() >= request.received_at + _MOST_MS:
            end = order(job)
            break
    more = {} if end is None else {"cursor": selection.cursor(end)}
    return Response({"cancelled": cancelled, **unreadable_entries(page.unreadable), **more})


def _cancel(job: Job, selection: Selection, deployment: Deployment) -> bool:
    """Cancel a job unless it is terminal, or has left the only selected state."""
    seen = None if selection.states == UNSETTLED else job.state
    try:
        cancelled = deployment.store.cancel(job.id, org=job.org, flow=job.flow, now=deployment.clock.now(), seen=seen)
    except Refused:
        return False
    except UnreadableRowError as error:
        logger().error("a job could not be cancelled", extra={"job_id": job.id, "reason": str(error)})
        return False
    try:
        withdraw(cancelled, deployment)
    except AwsError:
        # When the schedule fires, a worker drops its message; the other jobs need not wait for that.
        logger().warning(
            "the schedule of a cancelled job could not be deleted", extra={"job_id": job.id}, exc_info=True
        )
    return True


handler = Endpoint(cancel_jobs)
get_ready(lambda made: (made.keys, made.catalog, made.index, made.store))
