"""A module that limits its descriptors on import."""

import os
import resource

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
