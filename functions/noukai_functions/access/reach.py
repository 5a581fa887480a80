"""The routes that a key for certain flows may use."""

from collections.abc import Mapping

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.refusals import ForbiddenError
from noukai_wire.routes import DEFAULT_ROUTE, Route

_CHECKED_LATER = {
    DEFAULT_ROUTE,
    *(
        route.key
        for route in (
            Route.STATUS_BY_ID,
            Route.WAIT_BY_ID,
            Route.LOGS_BY_ID,
            Route.EVENTS_BY_ID,
            Route.INPUT_BY_ID,
            Route.CANCEL_BY_ID,
            Route.RETRY_BY_ID,
            Route.STATUSES,
            Route.FLOWS,
            Route.MAKE_TOKEN,
            Route.LIST_SCHEDULES,
            Route.PUT_SCHEDULE,
            Route.SCHEDULE,
            Route.DELETE_SCHEDULE,
            Route.PAUSE_SCHEDULE,
            Route.RESUME_SCHEDULE,
            Route.TRIGGER_SCHEDULE,
            Route.LIST_KEYS,
            Route.CREATE_KEY,
            Route.REVOKE_KEY,
        )
    ),
}
"""The routes that name no flow, but whose handlers look only at what the key covers."""


def require_reach(api_key: ApiKey, route: str, path: Mapping[str, str]) -> None:
    """Refuse a request of a limited key about more than its flows, before any lookup.

    A route that is neither below a project nor listed here is about the whole org.
    """
    if api_key.job is not None:
        if path.get("id") != api_key.job:
            raise ForbiddenError(
                f"This token is for the job {api_key.job} only: use a key, or another token."
            )
    elif "project" in path:
        api_key.require_flow("/".join(path[part] for part in ("project", "flow") if part in path))
    elif route not in _CHECKED_LATER:
        flows = " and ".join(sorted(api_key.flows))
        raise ForbiddenError(f"This key is for {flows} only, and this is about the whole org: use another.")
