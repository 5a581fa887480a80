"""The content of the emulator's resources, saved to a file between runs.

The resources themselves are made from the template in each run, and are given then what those of the run
before held. The file is written in the emulator's process, which knows what no request would tell, such as
messages that a worker has.
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
"""In which of the emulator's modules the resources of a type are, or what a group of them holds."""

_INTERVAL_SECONDS = 1.0
_PAUSES_PER_WRITE = 20

Held = dict[tuple[str, str], Any]
"""What each resource holds, by its type and its name, of a bucket without its ending."""


class ContentsError(Exception):
    """The error that the file has another format."""


def read_contents(file: Path) -> Held:
    """Read the saved content; empty if there is no file.

    Raises:
        ContentsError: it was not written by this version, or not to its end.
    """
    if not file.exists():
        return {}
    try:
        # Whoever can write it can write the flows beside it.
        format_, held = pickle.loads(file.read_bytes())  # noqa: S301
    except Exception as error:
        raise ContentsError(str(error)) from error
    if format_ != _FORMAT:
        raise ContentsError(f"it is of the format {format_!r}, not {_FORMAT!r}")
    return dict(held)


def queues_with_messages(held: Held) -> set[str]:
    """Return the queues with waiting or in-flight messages."""
    return {name for (kind, name), messages in held.items() if kind == _QUEUE and messages}


@dataclass(slots=True)
class Contents:
    """A store that fills created resources from the file, and saves their content.

    `services` are the emulator's modules by their names.
    """

    file: Path
    services: Mapping[str, Any]
    _before: Held = field(default_factory=dict)
    _created: dict[tuple[str, str], str] = field(default_factory=dict)
    """The names of the resources of this run, by what they are known by in the next one."""
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._before = read_contents(self.file)

    def following(self, provision: Callable[..., tuple[str, Any]]) -> Callable[..., tuple[str, Any]]:
        """Wrap the creation of a stack's resource."""

        def provisioned(kind: str, *rest: Any) -> tuple[str, Any]:
            identity, attributes = provision(kind, *rest)
            if kind in _STORES:
                self._fill(kind, identity.rpartition("/")[2])
            return identity, attributes

        return provisioned

    def write_regularly(self) -> None:
        """Save after changes, in a thread, in at most a twentieth of the time."""
        threading.Thread(target=self._write_regularly, daemon=True).start()

    def write(self) -> None:
        """Save the current content of all resources."""
        with self._writing:
            created = {key: self._held(key[0], name) for key, name in self._created.items()}
            # One call that no other thread comes between, so that rows and messages are of the same moment.
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
        """Return a value that differs after any change of a job or a message."""
        messages = [len(queue["messages"]) for queue in [*self._store(_QUEUE).values()]]
        return self.services["dynamodb"]._stream_seq_counter, messages  # noqa: SLF001 - ministack has no public seam

    def _fill(self, kind: str, name: str) -> None:
        # The emulator gives a bucket another ending in each run.
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
            # Its reader begins with them, as with those of a new stream.
            self.services["dynamodb"]._stream_records[name] = before["records"]  # noqa: SLF001 - as above

    def _held(self, kind: str, name: str) -> Any:
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
        """Return a resource, unless a stack has deleted it."""
        found = (each for key, each in [*self._store(kind).items()] if key[-1].rpartition("/")[2] == name)
        return next(found, {"messages": [], "objects": {}, "items": {}})

    def _unread_records(self, table: str) -> list[Any]:
        """Return the stream records that the reader has not processed.

        A repeated one is harmless.
        """
        dynamodb = self.services["dynamodb"]
        positions = self.services["lambda_svc"]._dynamodb_stream_positions._data  # noqa: SLF001 - as above
        first = min(positions.values(), default=0) - dynamodb.stream_start_position(table)
        records: list[Any] = dynamodb.stream_live_records(table)
        return records[max(0, first) :]
