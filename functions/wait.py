"""Entry: a job, held back until it is terminal or the time is over.

A function of its own, since a held request occupies concurrency that the workers share.
"""

from functions.deployment import Deployment
from functions.errors import InvalidInputError
from functions.http import Endpoint, Request, Response
from functions.keys import Caller
from functions.lifecycle import Job
from functions.reading import find_job, status_response
from noukai_wire import limits
from noukai_wire.scopes import Scope

_FIRST_PAUSE = 0.1
_LAST_PAUSE = 1.0
_GROWTH = 1.5


def wait(request: Request, caller: Caller, deployment: Deployment) -> Response:
    """Answer as status does, once the job is terminal or `seconds` after the request reached the gateway."""
    job = find_job(request, caller, deployment)
    seconds = _seconds(request)
    if not job.is_terminal and seconds > 0:
        _hold(job, deployment, until=request.received_at + seconds * 1000)
        job = find_job(request, caller, deployment)
    return status_response(job, deployment.clock.now(), held=seconds > 0)


def _hold(job: Job, deployment: Deployment, *, until: int) -> None:
    """Return when the job is terminal, or gone, or the time is over; the probes need not be consistent."""
    pause = _FIRST_PAUSE
    while (left := (until - deployment.clock.now()) / 1000) > 0:
        deployment.clock.sleep(min(pause, left))
        pause = min(_LAST_PAUSE, pause * _GROWTH)
        seen = deployment.store.read(job.id, consistent=False)
        if seen is None or seen.is_terminal:
            return


def _seconds(request: Request) -> int:
    text = request.query.get("seconds", str(limits.MAX_WAIT_SECONDS))
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= limits.MAX_WAIT_SECONDS):
        raise InvalidInputError([("seconds", f"must be a whole number from 0 to {limits.MAX_WAIT_SECONDS}")])
    return int(text)


handler = Endpoint(wait, scope=Scope.READ)
