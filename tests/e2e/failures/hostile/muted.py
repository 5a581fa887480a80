"""A module that closes and replaces the standard streams on import."""

import io
import os
import sys

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    sys.stdout.close()
    sys.stdout = io.StringIO()
    sys.stderr = None
    os.close(0)


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
