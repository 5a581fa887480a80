"""A module that ends its interpreter on import."""

import os
import sys

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    sys.exit("no licence")


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
