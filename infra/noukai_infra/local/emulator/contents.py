"""The content of the emulator's resources, saved to a file between runs.

The resources are created from the template in each run, and then filled with the content of the previous run.
The file is written by the emulator's process, which knows what no request can read, such as messages in
flight.
"""

import pickle
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FORMAT = "noukai-local-1"
_TABLE = "AWS::DynamoDB::Table"
_QUEUE = "AWS::SQS::Queue"
_BUCKET = "AWS::S3::Bucket"
_GROUP = "AWS::Scheduler::ScheduleGroup"
_STORES = {
    _TABLE: ("dynamodb", "_tables"),
    _QUEUE: ("sqs", "_queues"),
    _BUCKET: ("s3", "_buckets"),
    _GROUP: ("scheduler", "_schedules"),
}
"""The emulator's module for each resource type, and the attribute with its resources."""

_INTERVAL_SECONDS = 1.0
_PAUSES_PER_WRITE = 20

Saved = dict[tuple[str, str], Any]
"""The content of each resource by type and name; a bucket's name is without its suffix."""


class ContentsError(Exception):
    """An error for a file of another format."""


def read_contents(file: Path) -> Saved:
    """Read the saved content; empty if there is no file.

    Raises:
        ContentsError: another version has written it, or it is incomplete.
    """
    if not file.exists():
        return {}
    try:
        # Safe: a writer of this file could also write the flows beside it.
        format_, saved = pickle.loads(file.read_bytes())  # noqa: S301
    except Exception as error:
        raise ContentsError(str(error)) from error
    if format_ != _FORMAT:
        raise ContentsError(f"its format is {format_!r}, not {_FORMAT!r}")
    return dict(saved)


def queues_with_messages(saved: Saved) -> set[str]:
    """Return the queues with waiting or in-flight messages."""
    return {name for (kind, name), messages in saved.items() if kind == _QUEUE and messages}


@dataclass(slots=True)
class Contents:
    """A store that fills created resources from the file, and saves their content.

    `services` are the emulator's modules by name.
    """

    file: Path
    services: Mapping[str, Any]
    _before: Saved = field(default_factory=dict)
    _created: dict[tuple[str, str], str] = field(default_factory=dict)
    """The names of this run's resources, by their names in the file."""
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._before = read_contents(self.file)

    def following(self, provision: Callable[..., tuple[str, Any]]) -> Callable[..., tuple[str, Any]]:
        """Wrap the function that creates a stack's resource."""

        def provisioned(kind: str, *rest: Any) -> tuple[str, Any]:
            identity, attributes = provision(kind, *rest)
            if kind in _STORES:
                self._fill(kind, identity.rpartition("/")[2])
            return identity, attributes

        return provisioned

    def write_regularly(self) -> None:
        """Save after changes, in a thread, at most a twentieth of the time."""
        threading.Thread(target=self._write_regularly, daemon=True).start()

    def write(self) -> None:
        """Save the current content of all resources."""
        with self._writing:
            created = {key: self._content_of(key[0], name) for key, name in self._created.items()}
            # A single call, during which no other thread runs, so that rows and messages are consistent.
            written = pickle.dumps((_FORMAT, {**self._before, **created}))
            draft = self.file.with_suffix(".draft")
            draft.write_bytes(written)
            draft.replace(self.file)

    def _write_regularly(self) -> None:
        seen = None
        while True:
            time.sleep(_INTERVAL_SECONDS)
            changes = self._changes()
            if changes != seen:
                seen, began = changes, time.monotonic()
                self.write()
                time.sleep(_PAUSES_PER_WRITE * (time.monotonic() - began))

    def _changes(self) -> object:
        """Return a value that differs after each change of a job or a message."""
        messages = [len(queue["messages"]) for queue in [*self._store(_QUEUE).values()]]
        return self.services["dynamodb"]._stream_seq_counter, messages  # noqa: SLF001 - ministack has no public seam

    def _fill(self, kind: str, name: str) -> None:
        # The emulator gives a bucket another suffix in each run.
        key = (kind, name.rpartition("-")[0] if kind == _BUCKET else name)
        with self._writing:
            before = self._before.pop(key, None)
            if before is not None:
                self._hand(kind, name, before)
            self._created[key] = name

    def _hand(self, kind: str, name: str, before: Any) -> None:
        if kind == _GROUP:
            self._store(kind).update(before)
            return
        resource = self._resource(kind, name)
        if kind == _QUEUE:
            resource["messages"].extend(before)
        elif kind == _BUCKET:
            resource["objects"].update(before)
        else:
            resource["items"].update(before["items"])
            # The reader begins with them, as with those of a new stream.
            self.services["dynamodb"]._stream_records[name] = before["records"]  # noqa: SLF001 - as above

    def _content_of(self, kind: str, name: str) -> Any:
        if kind == _GROUP:
            return {key: each for key, each in [*self._store(kind).items()] if each["GroupName"] == name}
        resource = self._resource(kind, name)
        if kind == _QUEUE:
            return resource["messages"]
        if kind == _BUCKET:
            return resource["objects"]
        return {"items": resource["items"], "records": self._unread_records(name)}

    def _store(self, kind: str) -> dict[tuple[str, ...], Any]:
        module, name = _STORES[kind]
        store: dict[tuple[str, ...], Any] = getattr(self.services[module], name)._data  # noqa: SLF001 - as above
        return store

    def _resource(self, kind: str, name: str) -> Any:
        """Return a resource, unless its stack has deleted it."""
        found = (each for key, each in [*self._store(kind).items()] if key[-1].rpartition("/")[2] == name)
        return next(found, {"messages": [], "objects": {}, "items": {}})

    def _unread_records(self, table: str) -> list[Any]:
        """Return the stream records that the reader has not processed; a repeated record is harmless."""
        dynamodb = self.services["dynamodb"]
        positions = self.services["lambda_svc"]._dynamodb_stream_positions._data  # noqa: SLF001 - as above
        first = min(positions.values(), default=0) - dynamodb.stream_start_position(table)
        records: list[Any] = dynamodb.stream_live_records(table)
        return records[max(0, first) :]
