"""The work of a function while Lambda starts it, with a whole processor: its first request has a share of one."""

import os
from collections.abc import Callable
from contextlib import suppress

from functions.deployment import Deployment, deployed

IS_DEPLOYED = "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def get_ready(make: Callable[[Deployment], object]) -> None:
    """Make the parts that every request of a function uses, and connect to their services; nothing is sent.

    Where this is imported without being deployed, nothing is made.
    """
    if not IS_DEPLOYED:
        return
    # What fails now fails again in a request, which is answered, or comes again, and logs it.
    with suppress(Exception):
        make(deployed())
        deployed().connect()
