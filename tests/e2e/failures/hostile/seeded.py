"""A module that seeds the random number generator on import."""

import os
import random

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    random.seed(1)


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
