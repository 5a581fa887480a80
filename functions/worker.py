"""Entry: run the jobs of a batch of deliveries, each to a settled row or back to the queue."""

import os
from typing import TYPE_CHECKING, Any

from functions.deployment import deployed
from functions.libraries import use_own

if TYPE_CHECKING:
    from functions.http import Event
    from functions.work import LambdaContext

_READY_SECONDS = 8.0
"""Lambda lets a function start for ten seconds, with a whole processor."""
_IS_DEPLOYED = "AWS_LAMBDA_FUNCTION_NAME" in os.environ

use_own()
if _IS_DEPLOYED:
    # Before any library is loaded: the processes of flows have their own.
    deployed().get_processes_ready(_READY_SECONDS)

from functions.work import BROKEN, work  # noqa: E402 - see above

if _IS_DEPLOYED:
    deployed().get_clients_ready()


def handler(event: "Event", context: "LambdaContext") -> dict[str, Any]:
    """Serve the queue; a worker that is broken ends, and the queue delivers to another."""
    try:
        return work(event, context, deployed())
    except BROKEN:
        os._exit(1)
