"""The records of Python's logging in a flow process, sent to the worker with their levels and fields."""

import logging
import os
import sys
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Any

from noukai_functions.logs.record import level_of, write_record
from noukai_functions.worker.inside.descriptors import identity_of
from noukai_wire.exceptions import with_short_paths

FLOW_LOGGER = "noukai.flow"
"""The logger behind `context.logger`."""

_OWN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "noukai_fields"}
_OPTIONS = ("exc_info", "stack_info", "stacklevel", "extra")
_LAMBDA_LEVELS = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}


class _Formatter(logging.Formatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802 - as logging names it
        return with_short_paths(super().formatException(ei))


_FORMATTER = _Formatter()


class RecordHandler(logging.Handler):
    """A handler that writes records to the worker's pipe, or as text to standard error if a flow closed it.

    Children that a flow has forked write to the same pipe.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._identity = identity_of(descriptor)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            self._write(record)
        except Exception:  # noqa: BLE001 - as handlers of logging do: a line that cannot be made is reported
            self.handleError(record)

    def _write(self, record: logging.LogRecord) -> None:
        text = _FORMATTER.format(record)
        fields = {name: value for name, value in vars(record).items() if name not in _OWN_FIELDS}
        fields |= vars(record).get("noukai_fields", {})
        if record.name not in (FLOW_LOGGER, "root"):
            fields.setdefault("logger", record.name)
        line = memoryview(write_record(round(record.created * 1000), level_of(record.levelno), text, fields))
        with suppress(OSError):
            if identity_of(self._descriptor) == self._identity:
                os.set_blocking(self._descriptor, True)
                while line:  # a signal may end a write early
                    line = line[os.write(self._descriptor, line) :]
                return
        sys.stderr.write(f"{text}\n")


class FlowLogger(logging.LoggerAdapter[logging.Logger]):
    """The logger of a flow, which also takes fields by name."""

    def process(
        self, msg: object, kwargs: MutableMapping[str, Any]
    ) -> tuple[object, MutableMapping[str, Any]]:
        """Move the named fields to the record."""
        options = {name: kwargs[name] for name in _OPTIONS if name in kwargs}
        fields = {name: value for name, value in kwargs.items() if name not in _OPTIONS}
        return msg, {**options, "extra": {**(options.get("extra") or {}), "noukai_fields": fields}}


def send_records(descriptor: int) -> None:
    """Send the records of loggers that the flow does not configure, and of `context.logger`.

    The root logger has no handler, so that `logging.basicConfig` works as anywhere; its level is that of the
    deployment.
    """
    handler = RecordHandler(descriptor)
    logging.lastResort = handler
    level = os.environ.get("LOG_LEVEL", "INFO")
    logging.getLogger().setLevel(_LAMBDA_LEVELS.get(level, level))
    flow = logging.getLogger(FLOW_LOGGER)
    flow.handlers, flow.propagate = [handler], False
    flow.setLevel(_LAMBDA_LEVELS.get(level, level))


def flow_logger() -> FlowLogger:
    """Return the logger for a flow; a configuration of logging may have switched it off."""
    flow = logging.getLogger(FLOW_LOGGER)
    flow.disabled = False
    return FlowLogger(flow, {})


def note_logging() -> Callable[[], bool]:
    """Return a function that restores what is configured of the root logger and of `context.logger`.

    `logging.warning` and others configure the root logger, if it has no handler.
    """
    last, disabled = logging.lastResort, logging.root.manager.disable
    loggers = [logging.root, logging.getLogger(FLOW_LOGGER)]
    noted = [(each, each.level, each.propagate, [*each.handlers], [*each.filters]) for each in loggers]

    def restore() -> bool:
        logging.lastResort = last
        if logging.root.manager.disable != disabled:
            logging.disable(disabled)
        for each, level, propagates, handlers, filters in noted:
            each.propagate, each.handlers[:], each.filters[:] = propagates, handlers, filters
            if each.level != level:
                each.setLevel(level)
        return True

    return restore
