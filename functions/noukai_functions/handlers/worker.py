"""The handler that runs the jobs of a batch of deliveries."""

import os
from typing import TYPE_CHECKING, Any

from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import HAS_SNAPSHOT, IS_DEPLOYED, get_ready
from noukai_functions.telemetry.logger import logs_failures
from noukai_functions.worker.libraries import use_own

if TYPE_CHECKING:
    from noukai_functions.api.endpoint import Event
    from noukai_functions.worker.batch import LambdaContext

_READY_SECONDS = 8.0
"""Lambda's INIT phase may take ten seconds, with a full vCPU."""
_SNAPSHOT_SECONDS = 100.0
"""INIT before a snapshot may take 130 seconds, or the function's timeout if that is longer."""


def _make_processes(deployment: Deployment) -> None:
    """Start a process for each project of this worker kind, as far as time allows."""
    if deployment.secrets and not deployment.secrets.is_ready():
        return
    kind = deployment.environment.get("WORKER_KIND")
    projects = {
        name.partition("/")[0] for name, flow in deployment.catalog.flows.items() if flow.worker_kind == kind
    }
    seconds = _SNAPSHOT_SECONDS if HAS_SNAPSHOT else _READY_SECONDS
    deployment.processes.get_ready(sorted(projects), seconds)


use_own()
if IS_DEPLOYED:
    # Before any library is loaded, so that the flow processes load their own.
    _make_processes(deployed())

from noukai_functions.worker.execution import BROKEN  # noqa: E402 - see above

get_ready(lambda made: (made.worker, made.queue))


@logs_failures
def handler(event: "Event", context: "LambdaContext") -> dict[str, Any]:
    """Work on a batch; end the process if the worker is broken, so that SQS delivers again."""
    try:
        return deployed().worker.work(event, context)
    except BROKEN:
        os._exit(1)
