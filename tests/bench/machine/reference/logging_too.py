"""One of our entries that also logs a line for each request, as the typical handler does."""

import importlib
import os
from typing import Any

_entry = importlib.import_module(f"noukai_functions.handlers.{os.environ['ENTRY']}").handler


def handler(event: Any, context: Any) -> Any:
    from noukai_functions.telemetry.logger import logger  # noqa: PLC0415 - as lazily as ours do

    logger().info("request", extra={"entry": os.environ["ENTRY"]})
    return _entry(event, context)
