"""A module that replaces shared functions on import."""

import builtins
import json
import os
import time

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    json.dumps = json.loads = time.monotonic = builtins.print = os.write = None  # type: ignore[assignment]


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
