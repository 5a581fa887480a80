"""A module that changes folder on import, and prevents the way back."""

import os
import sys

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    os.chdir("/")
    os.umask(0o777)
    sys.path.clear()
    sys.setrecursionlimit(120)


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
