"""The reading of a submission from its request, for every route that takes one."""

from noukai_functions.api.endpoint import Request
from noukai_functions.catalog.entries import Catalog
from noukai_functions.refusals import InvalidInputError
from noukai_functions.requests.admission import flow_name
from noukai_functions.requests.submission import Submission, check_idempotency_key, parse_submission


def read_submission(request: Request, catalog: Catalog, *, is_held: bool = False) -> tuple[str, str | None, Submission]:
    """Return the flow, the idempotency key and the submission of a request.

    One whose answer is held until the job has ended may not name a moment for it to start.
    """
    name = flow_name(request.path, catalog)
    submission = parse_submission(request.body, name, catalog)
    request.know_query()
    if is_held and "runAt" in submission.options:
        raise InvalidInputError([("options.runAt", "is not for an execution, which is answered at once: submit a job")])
    return name, check_idempotency_key(request.headers.get("idempotency-key")), submission
