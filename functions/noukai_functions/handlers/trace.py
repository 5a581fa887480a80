"""The handler that shows a job as the run of the published SDKs, at once or as a stream of events."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.hold import held_poll_ms, hold
from noukai_functions.api.run_trace import run_trace, step_trace, trace_events
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_wire import limits
from noukai_wire.routes import Route


def trace(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return the run's summary with its attempts as steps, or one of these alone.

    As a stream, it is held until the job has ended, for 25 seconds at most, since the gateway
    passes an answer on as a whole.
    """
    job = deployment.lookup.find(request.path, api_key)
    if request.route == Route.STEP_TRACE.key:
        request.know_query("attempt")
        attempt = request.query.get("attempt", "latest")
        return Response(step_trace(job, deployment.outputs.shown(job), request.path["step"], attempt))
    request.know_query()
    if request.route == Route.TRACE.key:
        return Response(run_trace(job, deployment.outputs.shown(job)))
    until = request.received_at + 1000 * limits.MAX_EXECUTE_SECONDS
    seen = hold(job, deployment.table, deployment.clock, until=until, pause_ms=held_poll_ms)
    job = job if seen is None else seen
    shown = deployment.outputs.shown(job)
    return Response({}, text=trace_events(run_trace(job, shown), shown), headers=_AS_STREAM)


_AS_STREAM = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}

handler = Endpoint(trace, deployed)
get_ready(lambda made: (made.api_keys, made.lookup, made.outputs))
