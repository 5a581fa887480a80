"""Functions without a log, while the client in the same process, with a logger of that name, has one."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from noukai_functions.telemetry.logger import SERVICE, logger


@contextmanager
def silent_functions() -> Iterator[None]:
    """Silence the logger of the functions, and restore its level."""
    logger()  # the first call sets the level
    silenced = logging.getLogger(SERVICE)
    level = silenced.level
    silenced.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        silenced.setLevel(level)
