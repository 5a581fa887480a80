"""A module that forks on import, and continues in both processes."""

import os

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    os.fork()


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
