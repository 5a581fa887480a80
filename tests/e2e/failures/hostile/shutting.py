"""A module that closes every descriptor on import."""

import os

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    os.closerange(0, 65536)


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
