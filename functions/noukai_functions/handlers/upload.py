"""The handler that presigns uploads of inputs that are too large for a body."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.catalog.entries import UPLOAD
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.jobs.objects import input_key, input_reference
from noukai_functions.refusals import InvalidInputError
from noukai_functions.requests.admission import due_at, run_at_errors
from noukai_functions.requests.submission import flow_name, parse_announcement


def upload(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return a presigned URL for exactly this input; idempotent."""
    name = flow_name(request.path, deployment.catalog)
    announced = parse_announcement(request.body, name, deployment.catalog)
    request.know_query()
    options, now = announced.options, deployment.clock.now()
    # A past start time is accepted, since the caller may be repeating an earlier request.
    if options.get("runAt", 0) > now and (errors := run_at_errors(options["runAt"], now)):
        raise InvalidInputError(errors)
    reference = input_reference(
        announced.sha256,
        keep_seconds=options.get("keepSeconds", deployment.catalog.flows[name].keep_seconds),
        wait_ms=max(0, due_at(options, now) - now),
    )
    url, headers = deployment.objects.upload_target(input_key(api_key.org, reference), announced.size)
    return Response({"input": reference, "url": url, "headers": headers})


def _prepare(deployment: Deployment) -> None:
    _ = deployment.api_keys, deployment.objects
    deployment.catalog.prepare(UPLOAD)


handler = Endpoint(upload, deployed)
get_ready(_prepare)
