"""The handler that holds a job's status until the job is terminal."""

from functools import partial

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.hold import hold, watched_poll_ms
from noukai_functions.api.statuses import status_response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.refusals import InvalidInputError
from noukai_wire import limits


def wait(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return the status once the job is terminal, or after `seconds` from the gateway's receipt.

    Answers sooner if the next read is more than about a second away; the answer says when to poll again. With
    `progress`, also answers at each change of the progress.
    """
    job = deployment.lookup.find(request.path, api_key)
    request.know_query("seconds", "progress")
    most = limits.MAX_WAIT_SECONDS
    seconds = request.whole_number("seconds", default=most, least=0, most=most)
    progress = _progress(request)
    pause_ms = partial(watched_poll_ms, first=job, progress=progress)
    seen = hold(
        job, deployment.table, deployment.clock, until=request.received_at + seconds * 1000, pause_ms=pause_ms
    )
    if seen is not job:
        job = seen if seen is not None and seen.is_terminal else deployment.lookup.find(request.path, api_key)
    now = deployment.clock.now()
    return status_response(job, deployment.outputs.shown(job), now, held=seconds > 0, progress=progress)


def _progress(request: Request) -> bool:
    text = request.query.get("progress", "false")
    if text not in ("true", "false"):
        raise InvalidInputError([("progress", "must be true or false")])
    return text == "true"


handler = Endpoint(wait, deployed)
get_ready(lambda made: (made.api_keys, made.lookup, made.outputs))
