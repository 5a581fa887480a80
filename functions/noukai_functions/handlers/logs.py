"""The handler that returns a job's log lines."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_wire import limits


def logs(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return the lines after a place, once there are any, or after `seconds` from the gateway's receipt."""
    job = deployment.lookup.find(request.path, api_key.org)
    request.know_query("after", "attempt", "limit", "seconds")
    request.whole_number("attempt", default=1, least=1, most=limits.MAX_ATTEMPTS)
    request.whole_number("limit", default=limits.DEFAULT_LOG_LIMIT, least=1, most=limits.MAX_LOG_LIMIT)
    request.whole_number("seconds", default=0, least=0, most=limits.MAX_WAIT_SECONDS)
    return Response({"lines": [], "after": request.query.get("after", ""), "done": job.is_terminal})


handler = Endpoint(logs, deployed)
get_ready(lambda made: (made.api_keys, made.lookup))
