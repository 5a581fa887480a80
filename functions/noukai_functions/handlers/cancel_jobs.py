"""The handler that cancels the jobs selected by a filter, page by page."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.statuses import unreadable_entries
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.jobs.lifecycle import UNSETTLED
from noukai_functions.jobs.row import order
from noukai_functions.json_text import read_object
from noukai_functions.requests.job_filter import FlowSet, parse_filter

_MOST_JOBS = 100
_MOST_MS = 20_000
"""The time from the request's arrival after which the rest is left to the next page. The gateway times out
after 30 s."""


def cancel_jobs(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return the number of cancelled jobs, and the cursor of the next page if there may be more.

    Jobs submitted after the first page are newer than all later pages, and are not cancelled.
    """
    flow_set = FlowSet.named(request.path, deployment.catalog, deployment.index.has_jobs)
    fields = {name: value for name, value in read_object(request.body).items() if value is not None}
    job_filter = parse_filter(flow_set, fields, among=UNSETTLED)
    request.know_query()
    page = deployment.job_pages.read(job_filter, _MOST_JOBS)
    cancelled, end = 0, page.end
    for job in page.jobs:
        cancelled += deployment.cancellation.cancel_matching(job, job_filter, api_key.name)
        if deployment.clock.now() >= request.received_at + _MOST_MS:
            end = order(job)
            break
    if deployment.audit_log and cancelled:
        about = {"flow": flow_set.name, "jobs": cancelled}
        deployment.audit_log.write("cancel_jobs", api_key, request.id, deployment.clock.now(), **about)
    more = {} if end is None else {"cursor": job_filter.cursor(end)}
    return Response({"cancelled": cancelled, **unreadable_entries(page.unreadable), **more})


handler = Endpoint(cancel_jobs, deployed)
get_ready(lambda made: (made.api_keys, made.catalog, made.job_pages, made.cancellation))
