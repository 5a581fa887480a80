"""The logs of all functions of a stack, merged by time."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from noukai_infra.operations.account import handler_of, resources

if TYPE_CHECKING:
    import boto3

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_LATE_MS = 60_000
"""How late a line may come that a follower still sees."""
_OF_PLATFORM = ("START RequestId: ", "END RequestId: ", "REPORT RequestId: ")
_RANKS = {**{level: rank for rank, level in enumerate(LEVELS)}, "WARN": 2, "CRITICAL": 3, "FATAL": 3}


@dataclass(frozen=True)
class LogLine:
    """A line of a function's log; `at` is in milliseconds."""

    at: int
    id: str
    function: str
    group: str
    text: str

    @property
    def level(self) -> str:
        """Return the line's level; a line that states none has INFO, as for Lambda."""
        found = self._entry.get("level") if isinstance(self._entry, dict) else None
        return str(found or "INFO").upper()

    @property
    def is_metrics(self) -> bool:
        """Return whether the line is for CloudWatch, which makes metrics of it."""
        return isinstance(self._entry, dict) and "_aws" in self._entry

    @property
    def is_of_platform(self) -> bool:
        """Return whether Lambda itself wrote it about an invocation, as an emulator does for each."""
        return self.text.startswith(_OF_PLATFORM)

    def is_at_least(self, level: str) -> bool:
        """Return whether the line has this level or a higher one."""
        return _RANKS.get(self.level, len(LEVELS)) >= _RANKS[level]

    @property
    def _entry(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError:
            return None


@dataclass(frozen=True)
class StackLogs:
    """The log groups of a stack's functions: each group with the function's entry, such as `worker`."""

    client: Any
    groups: dict[str, str]

    @classmethod
    def of(cls, session: "boto3.Session", stack: str) -> "StackLogs":
        """Find the log groups of a stack's functions."""
        client = session.client("lambda")
        functions = [
            client.get_function_configuration(FunctionName=name)
            for name in resources(session, stack, "AWS::Lambda::Function")
        ]
        ours = [each for each in functions if handler_of(each).startswith("noukai_functions.handlers.")]
        groups = {each["LoggingConfig"]["LogGroup"]: handler_of(each).split(".")[-2] for each in ours}
        return cls(session.client("logs"), groups)

    def lines(self, since: int, *, text: str = "", function: str | None = None) -> list[LogLine]:
        """Read the lines since a time in milliseconds, those that contain a text, oldest first."""
        found = [
            line
            for group, name in self.groups.items()
            if function in (None, name)
            for line in self._of_group(group, name, since, text)
        ]
        shown = (line for line in found if not (line.is_metrics or line.is_of_platform))
        return sorted(shown, key=attrgetter("at", "id"))

    def new_lines(
        self, since: int, *, text: str = "", function: str | None = None
    ) -> Iterator[list[LogLine]]:
        """Yield the lines of each further reading that the readings before did not have."""
        seen: set[str] = set()
        while True:
            found = self.lines(since, text=text, function=function)
            yield [each for each in found if each.id not in seen]
            seen = {each.id for each in found}
            since = max([since, *(each.at - _LATE_MS for each in found[-1:])])

    def _of_group(self, group: str, function: str, since: int, text: str) -> Iterator[LogLine]:
        pattern = {"filterPattern": f'"{text}"'} if text else {}
        pages = self.client.get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=group, startTime=since, **pattern):
            for event in page["events"]:
                text = event["message"].rstrip("\n")
                # An emulator gives its events no ids.
                id_ = event.get("eventId") or f"{event['logStreamName']} {event['timestamp']} {text}"
                yield LogLine(event["timestamp"], id_, function, group, text)
