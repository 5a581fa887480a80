"""The handler that submits a job and holds the answer until it ends."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.answers import location
from noukai_functions.api.endpoint import Endpoint, Request, Response, error_response
from noukai_functions.api.errors import ErrorAnswer
from noukai_functions.api.hold import held_poll_ms, hold
from noukai_functions.api.statuses import execute_answer
from noukai_functions.aws import AwsError
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.refusals import InvalidInputError
from noukai_functions.requests.submission import check_idempotency_key, flow_name, parse_submission
from noukai_functions.telemetry.logger import job_fields, logger
from noukai_wire import limits
from noukai_wire.errors import ErrorCode


def execute(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return the job's output or its failure.

    If the job has not ended 25 seconds after the request reached the gateway, answers 504; the job goes on.
    An idempotency key names the same job for submit and execute.
    """
    name = flow_name(request.path, deployment.catalog)
    submission = parse_submission(request.body, name, deployment.catalog, request.trace)
    key = check_idempotency_key(request.headers.get("idempotency-key"))
    request.know_query()
    if "runAt" in submission.options:
        raise InvalidInputError(
            [("options.runAt", "is not supported by execute, which answers at once: submit a job")]
        )
    job = deployment.admission.submit(name, key, submission, api_key.org, api_key.name)
    if deployment.audit_log:
        deployment.audit_log.write("execute", api_key, request.id, deployment.clock.now(), job_id=job.id)
    ended = _hold(job, deployment, until=request.received_at + limits.MAX_EXECUTE_SECONDS * 1000)
    if ended is None or not ended.is_terminal:
        return error_response(_too_slow(job))
    return Response(execute_answer(ended, deployment.outputs.shown(ended)))


def _hold(job: Job, deployment: Deployment, *, until: int) -> Job | None:
    try:
        return hold(job, deployment.table, deployment.clock, until=until, pause_ms=held_poll_ms)
    except AwsError:
        # The job is accepted. If the caller were told to repeat the request without a key, it would start
        # another.
        logger().warning(
            "a job's status could not be read after its submission", extra=job_fields(job), exc_info=True
        )
        return None


def _too_slow(job: Job) -> ErrorAnswer:
    where = location(job)
    message = f"The job {job.id} has not ended yet and goes on: GET {where} shows it."
    return ErrorAnswer(ErrorCode.EXECUTE_TIMEOUT, message, {"Location": where}, {"id": job.id})


handler = Endpoint(execute, deployed)
get_ready(Deployment.prepare_submissions)
