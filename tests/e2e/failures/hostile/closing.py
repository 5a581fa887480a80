"""A module that closes the descriptors it knows on import."""

import os

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    os.closerange(3, 256)


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
