"""The scopes of API keys, and the scope that each route requires."""

from collections.abc import Mapping
from enum import StrEnum

from noukai_wire.routes import Route


class Scope(StrEnum):
    """A permission of an API key for the jobs of its org."""

    SUBMIT = "submit"
    READ = "read"
    CANCEL = "cancel"
    USAGE = "usage"


ROUTE_SCOPES: Mapping[Route, tuple[Scope, ...]] = {
    Route.SUBMIT: (Scope.SUBMIT,),
    Route.SUBMIT_VERSION: (Scope.SUBMIT,),
    Route.UPLOAD: (Scope.SUBMIT,),
    Route.SUBMIT_JOBS: (Scope.SUBMIT,),
    Route.EXECUTE: (Scope.SUBMIT, Scope.READ),
    Route.EXECUTE_VERSION: (Scope.SUBMIT, Scope.READ),
    Route.STATUS: (Scope.READ,),
    Route.STATUS_BY_ID: (Scope.READ,),
    Route.STATUSES: (Scope.READ,),
    Route.WAIT: (Scope.READ,),
    Route.WAIT_BY_ID: (Scope.READ,),
    Route.CANCEL: (Scope.CANCEL,),
    Route.CANCEL_BY_ID: (Scope.CANCEL,),
    Route.CANCEL_JOBS: (Scope.CANCEL,),
    # Its refusals tell how the old job ended.
    Route.RETRY: (Scope.SUBMIT, Scope.READ),
    Route.RETRY_BY_ID: (Scope.SUBMIT, Scope.READ),
    Route.LIST_JOBS: (Scope.READ,),
    Route.LIST_PROJECT: (Scope.READ,),
    Route.LIST_ORG: (Scope.READ,),
    Route.FLOWS: (),
    Route.USAGE: (Scope.USAGE,),
    Route.OPENAPI: (),
    Route.HEALTH: (),
}
"""The scopes of each route, for the functions, the OpenAPI document and the tests."""
