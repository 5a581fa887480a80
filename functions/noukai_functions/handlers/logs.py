"""The handler that returns a job's log lines."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.log_view import log_response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.logs.place import Place
from noukai_functions.requests.log_following import LogRequest
from noukai_wire import limits


def logs(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return the lines after a place, once there are any, or after `seconds` from the gateway's receipt."""
    job = deployment.lookup.find(request.path, api_key)
    request.know_query("after", "attempt", "limit", "seconds")
    asked = _asked(request, job)
    seconds = request.whole_number("seconds", default=0, least=0, most=limits.MAX_WAIT_SECONDS)
    following = deployment.log_following
    if seconds:
        job, page = following.follow(job, asked, request.received_at + seconds * 1000)
    else:
        page = following.read(job, asked)
    return log_response(job, page, deployment.clock.now(), held=seconds > 0)


def _asked(request: Request, job: Job) -> LogRequest:
    most, usual = limits.MAX_LOG_LIMIT, limits.DEFAULT_LOG_LIMIT
    limit = request.whole_number("limit", default=usual, least=1, most=most)
    attempt = request.whole_number("attempt", default=1, least=1, most=limits.MAX_ATTEMPTS)
    after = request.query.get("after")
    place = Place(1, 0) if after is None else Place.parse(after, job.created_at)
    if "attempt" not in request.query:
        return LogRequest(place, limit)
    return LogRequest(place if place.attempt == attempt else Place(attempt, 0), limit, attempt)


handler = Endpoint(logs, deployed)
get_ready(lambda made: (made.api_keys, made.lookup, made.log_following))
