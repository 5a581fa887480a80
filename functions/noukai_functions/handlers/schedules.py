"""The handler of an org's schedules."""

from collections.abc import Callable, Mapping

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.answers import accepted_response
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.schedule_view import schedule_view
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.refusals import InvalidInputError, ScheduleNotFoundError
from noukai_functions.requests.scheduling.definition import check_name, parse_definition
from noukai_functions.requests.submission import check_idempotency_key
from noukai_functions.schedules.schedule import Schedule
from noukai_wire import limits
from noukai_wire.routes import Route

_Handle = Callable[[Request, ApiKey, Deployment], Response]


def schedules(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Answer a request about schedules."""
    if api_key.flows and request.route in _CHANGES:
        _require_covered(request.path["name"], api_key, deployment)
    if request.route != Route.SCHEDULE.key:
        request.know_query()
    return _BY_ROUTE[request.route](request, api_key, deployment)


def _list(_request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    now, catalog = deployment.clock.now(), deployment.catalog
    every = [
        schedule_view(each, catalog, now, instants=1, jobs=None, content=False)
        for each in deployment.schedules.of_org(api_key.org)
        if api_key.covers(each.definition.flow)
    ]
    return Response({"schedules": every})


def _put(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    name = request.path["name"]
    check_name(name)
    defined = parse_definition(request.body, api_key.org, deployment.catalog)
    api_key.require_flow(defined.definition.flow)
    if api_key.flows and (seen := deployment.schedules.read(api_key.org, name)) is not None:
        api_key.require_flow(seen.definition.flow)
    schedule, is_new = deployment.schedule_changes.put(api_key.org, name, defined, api_key.digest)
    _audit("put_schedule", request, api_key, deployment)
    return Response(_view(schedule, request, api_key, deployment), status=201 if is_new else 200)


def _show(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    request.know_query("next")
    most = request.whole_number(
        "next", default=limits.DEFAULT_NEXT_INSTANTS, least=1, most=limits.MAX_NEXT_INSTANTS
    )
    name = request.path["name"]
    schedule = deployment.schedules.read(api_key.org, name)
    if schedule is None or not api_key.covers(schedule.definition.flow):
        raise ScheduleNotFoundError(name)
    return Response(_view(schedule, request, api_key, deployment, instants=most))


def _delete(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    name = request.path["name"]
    schedule = deployment.schedules.read(api_key.org, name)
    if schedule is not None and schedule.in_code:
        raise InvalidInputError([("name", "is a schedule in code: remove it there, or pause it")])
    deployment.schedule_changes.delete(api_key.org, name)
    _audit("delete_schedule", request, api_key, deployment)
    return Response({}, status=204)


def _pause(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    schedule = deployment.schedule_changes.pause(api_key.org, request.path["name"])
    _audit("pause_schedule", request, api_key, deployment)
    return Response(_view(schedule, request, api_key, deployment))


def _resume(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    schedule = deployment.schedule_changes.resume(api_key.org, request.path["name"])
    _audit("resume_schedule", request, api_key, deployment)
    return Response(_view(schedule, request, api_key, deployment))


def _trigger(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    key = check_idempotency_key(request.headers.get("idempotency-key"))
    name = request.path["name"]
    job = deployment.schedule_changes.trigger(api_key.org, name, key, api_key.name)
    _audit("trigger_schedule", request, api_key, deployment, job_id=job.id)
    return accepted_response(job, api_key, deployment.clock.now())


def _view(
    schedule: Schedule,
    request: Request,
    api_key: ApiKey,
    deployment: Deployment,
    instants: int = limits.DEFAULT_NEXT_INSTANTS,
) -> Mapping[str, object]:
    """Return the view of a schedule, with what the key may read."""
    jobs = {}
    if api_key.may_read and schedule.jobs:
        ids = [each.id for each in schedule.jobs]
        entries = deployment.status_entries.read(ids, api_key, request.id)
        jobs = {entry["id"]: entry["job"] for entry in entries if "job" in entry}
    return schedule_view(
        schedule,
        deployment.catalog,
        deployment.clock.now(),
        instants=instants,
        jobs=jobs,
        content=api_key.may_read,
    )


def _audit(action: str, request: Request, api_key: ApiKey, deployment: Deployment, **about: object) -> None:
    if deployment.audit_log:
        now, name = deployment.clock.now(), request.path["name"]
        deployment.audit_log.write(action, api_key, request.id, now, schedule=name, **about)


_BY_ROUTE: Mapping[str, _Handle] = {
    Route.LIST_SCHEDULES.key: _list,
    Route.PUT_SCHEDULE.key: _put,
    Route.SCHEDULE.key: _show,
    Route.DELETE_SCHEDULE.key: _delete,
    Route.PAUSE_SCHEDULE.key: _pause,
    Route.RESUME_SCHEDULE.key: _resume,
    Route.TRIGGER_SCHEDULE.key: _trigger,
}

_CHANGES = {
    route.key
    for route in (Route.DELETE_SCHEDULE, Route.PAUSE_SCHEDULE, Route.RESUME_SCHEDULE, Route.TRIGGER_SCHEDULE)
}


def _require_covered(name: str, api_key: ApiKey, deployment: Deployment) -> None:
    """Refuse a schedule of a flow that the key does not cover, as one that does not exist."""
    schedule = deployment.schedules.read(api_key.org, name)
    if schedule is not None and not api_key.covers(schedule.definition.flow):
        raise ScheduleNotFoundError(name)


handler = Endpoint(schedules, deployed)
get_ready(lambda made: (made.api_keys, made.catalog, made.schedules))
