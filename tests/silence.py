"""Functions that log nothing, while the client in the same process, whose logger has the same name, may again later."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from noukai_functions.telemetry import SERVICE, logger


@contextmanager
def silent_functions() -> Iterator[None]:
    """Silence the logger of the functions, and give it its level back."""
    logger()  # sets the level when it is first made
    silenced = logging.getLogger(SERVICE)
    level = silenced.level
    silenced.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        silenced.setLevel(level)
