"""A module that configures all logging on import, and disables everybody else's."""

import logging.config
import os

from noukai.flow import Context, flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": True,
            "handlers": {},
            "root": {"handlers": [], "level": "CRITICAL"},
        }
    )
    logging.raiseExceptions = False


@flow(max_attempts=1)
def work(context: Context) -> str:
    """Log a line that must appear all the same."""
    context.logger.info("logged by the one that configured logging")
    return "done"
