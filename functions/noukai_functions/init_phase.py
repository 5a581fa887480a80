"""The preparation of a function during INIT, when Lambda gives it more CPU than in a request."""

import os
from collections.abc import Callable
from contextlib import suppress

from noukai_functions.deployment import Deployment, deployed

IS_DEPLOYED = "AWS_LAMBDA_FUNCTION_NAME" in os.environ

HAS_SNAPSHOT = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"
"""Whether Lambda takes a snapshot after INIT, of which it restores each environment."""


def get_ready(make: Callable[[Deployment], object]) -> None:
    """Make the parts that every request of a function uses, and connect their clients; send no request.

    Does nothing when the module is imported outside Lambda.
    """
    if not IS_DEPLOYED:
        return
    if HAS_SNAPSHOT:
        from noukai_functions.snapshots import register_hooks  # noqa: PLC0415 - few functions have one

        register_hooks(deployed())
    # An error here happens again in the first request, which logs and answers it.
    with suppress(Exception):
        make(deployed())
        if not HAS_SNAPSHOT:  # it connects after the restore
            deployed().connect()
