"""Entry: the jobs of a flow, a project or an org, page by page."""

from functions.deployment import Deployment
from functions.errors import InvalidInputError
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.lifecycle import State
from functions.page import read_page
from functions.selection import Place, parse_selection
from functions.views import job_status
from noukai_wire import limits
from noukai_wire.scopes import Scope


def list_jobs(request: Request, _caller: Caller, deployment: Deployment) -> Response:
    """Answer with the newest jobs that the query selects, and where the next page begins if there may be more."""
    place = Place.named(request.path, deployment.catalog)
    selection = parse_selection(place, request.query, among=frozenset(State), beside={"limit"})
    page = read_page(selection, deployment, _limit(request))
    more = {} if page.end is None else {"cursor": selection.cursor(page.end)}
    return Response({"jobs": [job_status(job) for job in page.jobs], **more})


def _limit(request: Request) -> int:
    text = request.query.get("limit", str(limits.DEFAULT_LIST_LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= limits.MAX_LIST_LIMIT):
        raise InvalidInputError([("limit", f"must be a whole number from 1 to {limits.MAX_LIST_LIMIT}")])
    return int(text)


handler = Endpoint(list_jobs, scope=Scope.READ)
