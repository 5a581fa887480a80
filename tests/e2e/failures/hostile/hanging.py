"""A module that hangs on import."""

import os
import time

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    time.sleep(600)


@flow(max_attempts=1, timeout=2)
def work() -> str:
    """Work."""
    return "done"
