"""The handler that returns a job's timeline."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.timeline import timeline
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready


def events(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return the timeline of the job that the path names."""
    job = deployment.lookup.find(request.path, api_key)
    request.know_query()
    return Response({"events": [event.view for event in timeline(job)]})


handler = Endpoint(events, deployed)
get_ready(lambda made: (made.api_keys, made.lookup))
