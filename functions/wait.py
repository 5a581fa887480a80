"""Handler: a job's status, held until it is terminal or the time is over."""

from functools import partial

from functions.deployment import Deployment
from functions.holding import hold
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.lifecycle import Job
from functions.pace import is_held_for, next_look_ms
from functions.reading import find_job
from functions.ready import get_ready
from functions.refusals import InvalidInputError
from functions.results import shown
from functions.views import status_response
from noukai_wire import limits


def wait(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Return the status once the job is terminal, or `seconds` after the gateway got the request.

    Sooner if there is nothing to expect for longer than a second: the answer says when to ask again. With
    `progress` the answer also comes with every change of it.
    """
    job = find_job(request.path, caller.org, deployment)
    request.know_query("seconds", "progress")
    most = limits.MAX_WAIT_SECONDS
    seconds = request.whole_number("seconds", default=most, least=0, most=most)
    progress = _progress(request)
    pause_ms = partial(_pause_ms, first=job, progress=progress)
    seen = hold(job, deployment.store, deployment.clock, until=request.received_at + seconds * 1000, pause_ms=pause_ms)
    if seen is not job:
        job = seen if seen is not None and seen.is_terminal else find_job(request.path, caller.org, deployment)
    now = deployment.clock.now()
    return status_response(job, shown(job, deployment), now, held=seconds > 0, progress=progress)


def _pause_ms(seen: Job, now: int, first: Job, *, progress: bool) -> int | None:
    """Return the pause until the next read; a caller that follows progress gets every change."""
    pause = next_look_ms(seen, now, progress=progress)
    is_news = progress and seen.progress != first.progress
    return pause if is_held_for(pause, progress=progress) and not is_news else None


def _progress(request: Request) -> bool:
    text = request.query.get("progress", "false")
    if text not in ("true", "false"):
        raise InvalidInputError([("progress", "must be true or false")])
    return text == "true"


handler = Endpoint(wait)
get_ready(lambda made: (made.keys, made.store))
