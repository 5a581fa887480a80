"""A module that requests more memory than there is on import."""

import os
import resource

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    limit = 2**31
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    bytearray(limit)


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
