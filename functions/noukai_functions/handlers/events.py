"""The handler that returns a job's timeline or its input."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.timeline import timeline
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_wire.routes import Route

_OF_INPUTS = (Route.INPUT.key, Route.INPUT_BY_ID.key)


def events(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return the timeline of the job that the path names, or the input with which it was submitted."""
    job = deployment.lookup.find(request.path, api_key)
    request.know_query()
    if request.route in _OF_INPUTS:
        return Response(deployment.inputs.shown(job, deployment.clock.now()))
    return Response({"events": [event.view for event in timeline(job)]})


handler = Endpoint(events, deployed)
get_ready(lambda made: (made.api_keys, made.lookup))
