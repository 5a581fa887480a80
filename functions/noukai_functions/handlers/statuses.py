"""The handler that returns the statuses of many jobs."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.json_text import read_list, read_object
from noukai_functions.refusals import InvalidInputError


def statuses(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return an entry for each id: the caller's job and its poll interval, or an error."""
    ids = _ids(request.body)
    request.know_query()
    return Response({"jobs": list(deployment.status_entries.read(ids, api_key, request.id))})


def _ids(body: bytes) -> list[str]:
    fields = read_object(body)
    ids = read_list(fields, "ids")
    errors = [(name, "is not known here") for name in fields if name != "ids"]
    errors += [
        (f"ids.{place}", "must be a string") for place, each in enumerate(ids) if not isinstance(each, str)
    ]
    if errors:
        raise InvalidInputError(errors)
    return ids


handler = Endpoint(statuses, deployed)
get_ready(lambda made: (made.api_keys, made.status_entries))
