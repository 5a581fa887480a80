"""The handler that lists the jobs of a flow, a project or an org, page by page."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.statuses import job_status, unreadable_entries
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.jobs.lifecycle import State
from noukai_functions.requests.job_filter import FlowSet, parse_filter
from noukai_wire import limits


def list_jobs(request: Request, _api_key: ApiKey, deployment: Deployment) -> Response:
    """Return the newest selected jobs, and the cursor of the next page if there may be more."""
    flow_set = FlowSet.named(request.path, deployment.catalog, deployment.index.has_jobs)
    job_filter = parse_filter(flow_set, request.query, among=frozenset(State), beside={"limit"})
    most = request.whole_number(
        "limit", default=limits.DEFAULT_LIST_LIMIT, least=1, most=limits.MAX_LIST_LIMIT
    )
    page = deployment.job_pages.read(job_filter, most)
    more = {} if page.end is None else {"cursor": job_filter.cursor(page.end)}
    return Response(
        {"jobs": [job_status(job) for job in page.jobs], **unreadable_entries(page.unreadable), **more}
    )


handler = Endpoint(list_jobs, deployed)
get_ready(lambda made: (made.api_keys, made.catalog, made.job_pages))
