"""Handler: run the jobs of a batch of deliveries."""

import os
from typing import TYPE_CHECKING, Any

from functions.deployment import Deployment, deployed
from functions.libraries import use_own

if TYPE_CHECKING:
    from functions.http import Event
    from functions.work import LambdaContext

_READY_SECONDS = 8.0
"""Lambda lets a function start for ten seconds, with a whole processor."""
_IS_DEPLOYED = "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def _make_processes(deployment: Deployment) -> None:
    """Start processes for the projects of this worker kind, as time allows."""
    kind = deployment.environment.get("WORKER_KIND")
    projects = {name.partition("/")[0] for name, flow in deployment.catalog.flows.items() if flow.profile == kind}
    deployment.processes.get_ready(sorted(projects), _READY_SECONDS)


def _make_clients(deployment: Deployment) -> None:
    """Make the clients of every invocation, and connect them."""
    _ = deployment.store, deployment.queue
    deployment.connect()


use_own()
if _IS_DEPLOYED:
    # Before any library is loaded: the processes of flows have their own.
    _make_processes(deployed())

from functions.execution import BROKEN  # noqa: E402 - see above
from functions.work import work  # noqa: E402

if _IS_DEPLOYED:
    _make_clients(deployed())


def handler(event: "Event", context: "LambdaContext") -> dict[str, Any]:
    """Work on a batch; a broken worker ends its process, and SQS delivers to another."""
    try:
        return work(event, context, deployed())
    except BROKEN:
        os._exit(1)
