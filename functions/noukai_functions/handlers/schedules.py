"""The handler of an org's schedules."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.refusals import ScheduleNotFoundError


def schedules(request: Request, _api_key: ApiKey, _deployment: Deployment) -> Response:
    """Answer a request about schedules."""
    request.know_query("next")
    if "name" in request.path:
        raise ScheduleNotFoundError(request.path["name"])
    return Response({"schedules": []})


handler = Endpoint(schedules, deployed)
get_ready(lambda made: made.api_keys)
