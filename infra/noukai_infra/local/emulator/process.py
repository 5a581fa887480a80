"""The emulator's process: ministack, with live output of functions, whose running work is not killed.

It is run by path on the interpreter below the virtual environment; its arguments are the folders to import
ministack from. Handlers run on that interpreter too, so that they find only the standard library and their
asset: a missing module is missed here as on Lambda.

Standard output carries the functions' lines: the function's name, a tab and the text. Standard error carries
the emulator's own output. The process ends when its standard input closes, and so with its parent.
"""

import json
import logging
import os
import re
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

Patch = Callable[[Any, str, Callable[[Any], Any]], None]

_LONGEST_LINE = 16 * 1024
_RETIREMENT_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 0.25
_TURN_POLL_SECONDS = 0.01
_TICK_SECONDS = 1
_MAPPING = re.compile(r"(\w+) .*/event-source-mappings/[^/]+/?$")
_ON_MAPPINGS = {"GET": "Get", "PUT": "Update"}


def main() -> None:
    """Run the emulator until its standard input closes."""
    sys.path[:0] = sys.argv[1:]
    del sys.argv[1:]
    # Importable only now, and without types.
    from ministack import app  # type: ignore[import-untyped]  # noqa: PLC0415
    from ministack.core import iam_actions, lambda_runtime  # type: ignore[import-untyped]  # noqa: PLC0415
    from ministack.services import apigateway, lambda_svc, scheduler  # type: ignore[import-untyped]  # noqa: PLC0415

    # Our own modules too, from the last folder.
    from noukai_infra.local.emulator import memory_limit  # noqa: PLC0415
    from noukai_infra.local.emulator.contents import Contents  # noqa: PLC0415
    from noukai_infra.local.emulator.patching import patch  # noqa: PLC0415

    # asyncio logs a traceback for each client that closes its connection without closing TLS.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    # Already read; the handlers must not inherit it.
    os.environ.pop("LOG_LEVEL", None)
    adapt(lambda_runtime, patch)
    # The poller waits for the function that it invokes, and the same thread polls the queues: workers would
    # wait for it.
    patch(lambda_svc, "_poll_dynamodb_streams", Beside)
    # A mapping that the template disables would be shown as enabled, although it is not read.
    patch(lambda_svc, "_esm_response", _with_state)
    # AWS has no permission for batch operations of SQS: the permission for one message is enough. To see and
    # to change a mapping takes others than to list them.
    patch(iam_actions, "extract_iam_action", _of_one)
    # AWS names a schedule with its group, and fires schedules within less than ten seconds.
    patch(iam_actions, "extract_resource_arn", _of_group)
    patch(scheduler, "_SCHEDULE_TICK_INTERVAL", lambda _: _TICK_SECONDS)
    # AWS sends OPTIONS to the default route if CORS is not configured.
    patch(apigateway, "_handle_execute_in_scope", _routing)
    # With TLS, ministack would also bind port 443.
    patch(app, "_port_is_bindable", lambda _: lambda *_: False)
    workers = lambda_runtime._workers  # noqa: SLF001 - ministack has no public seam
    memory_limit.watch(lambda: [worker for pool in [*workers.values()] for worker in [*pool]])
    contents = _contents(Contents, patch)
    threading.Thread(target=_end_with_input, args=(contents,), daemon=True).start()
    app.main()


def adapt(runtime: Any, patch: Patch) -> None:
    """Patch the warm workers where a user would notice a difference to AWS."""
    # Importable only now.
    from noukai_infra.local.emulator.shared_zip import SharedZip  # noqa: PLC0415

    # Show output as it is written; ministack collects it until the invocation ends.
    patch(runtime.Worker, "_read_stderr", lambda _: _relay)
    # As on Lambda, new code does not interrupt running invocations.
    patch(runtime, "kill_workers", _retiring)
    # A burst of requests starts dozens of workers, each of which would unpack about 20 MB.
    patch(runtime, "zipfile", lambda _: SimpleNamespace(**{**vars(zipfile), "ZipFile": SharedZip}))
    turns = Turns(runtime, os.cpu_count() or 1, _PATIENCE_SECONDS)
    patch(runtime, "acquire_worker", lambda _: turns.acquire_worker)


def _with_state(respond: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Show whether a mapping is read."""
    return lambda mapping: respond(mapping) | {"State": "Enabled" if mapping["Enabled"] else "Disabled"}


class Beside:
    """A poller that runs in one background thread while it finds something."""

    def __init__(self, poll: Callable[[], bool]) -> None:
        self._poll = poll
        self._polling = threading.Lock()

    def __call__(self) -> bool:
        """Poll in the background, unless a poll is running."""
        if self._polling.acquire(blocking=False):
            threading.Thread(target=self._run, daemon=True).start()
        return False

    def _run(self) -> None:
        try:
            while self._poll():
                pass
        finally:
            self._polling.release()


class Turns:
    """A throttle that starts another worker only if none has become warm or free for a while.

    A start takes half a second of CPU. Ten concurrent requests would start ten workers, and wait for all of
    them, whereas one warm worker answers them in turn within milliseconds.
    """

    def __init__(self, runtime: Any, at_once: int, patience: float) -> None:
        self._runtime = runtime
        self._acquire = runtime.acquire_worker
        self._at_once = at_once
        self._patience = patience
        self._turn = threading.Lock()
        self._moved: dict[str, tuple[int, float]] = {}
        """For each function, how many workers were starting, and when one last started or was taken."""

    def acquire_worker(
        self, function: str, config: Any, *rest: Any, qualifier: str = "$LATEST", **more: Any
    ) -> Any:
        """Acquire a free worker, or start one if allowed."""
        key = self._runtime._worker_key(function, config, qualifier)  # noqa: SLF001 - ministack has no public seam
        while True:
            with self._turn:
                if self._may_acquire(key):
                    return self._acquire(function, config, *rest, qualifier=qualifier, **more)
            time.sleep(_TURN_POLL_SECONDS)

    def _may_acquire(self, key: str) -> bool:
        pool = list(self._runtime._workers.get(key, ()))  # noqa: SLF001 - as above
        starting = sum(worker.in_use and worker._cold for worker in pool)  # noqa: SLF001 - as above
        before, since = self._moved.get(key, (0, 0.0))
        now = time.monotonic()
        since = since if starting == before else now
        may_start = not pool or (starting < self._at_once and now - since >= self._patience)
        may_acquire = may_start or not all(worker.in_use for worker in pool)
        self._moved[key] = starting, now if may_acquire else since
        return may_acquire


class _Routed(str):
    """A method that does not equal `OPTIONS` for ministack, which would answer that itself."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, _: object) -> bool:
        return False


def _routing(handle: Callable[..., Any]) -> Callable[..., Any]:
    def routed(api: str, stage: str, path: str, method: str, *rest: Any, **more: Any) -> Any:
        return handle(api, stage, path, _Routed(method) if method == "OPTIONS" else method, *rest, **more)

    return routed


def _of_one(extract: Callable[..., str | None]) -> Callable[..., str | None]:
    def extracted(service: str, *rest: Any) -> str | None:
        if service == "lambda" and (found := _MAPPING.search(" ".join(rest[:2]))):
            return f"lambda:{_ON_MAPPINGS.get(found[1], 'Delete')}EventSourceMapping"
        action = extract(service, *rest)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    return extracted


def _of_group(extract: Callable[..., str]) -> Callable[..., str]:
    def extracted(service: str, *rest: Any) -> str:
        arn = extract(service, *rest)
        if service == "ssm" and arn == "*":
            # It knows no resource of GetParameters; AWS judges each name, here the first stands for all.
            names = json.loads(rest[3] or "{}").get("Names") or [""]
            region, account = rest[5:7]
            return f"arn:aws:ssm:{region}:{account}:parameter/{names[0].lstrip('/')}" if names[0] else arn
        if service != "scheduler":
            return arn
        _, _, _, body, query, *_ = rest
        group = json.loads(body or "{}").get("GroupName") or query.get("groupName", "default")
        return arn.replace(
            ":schedule/default/", f":schedule/{group[0] if isinstance(group, list) else group}/"
        )

    return extracted


def _relay(worker: Any) -> None:
    name = worker.config["Handler"].split(".")[-2]
    lines = worker._stderr_queue  # noqa: SLF001 - as above
    # As bytes, because an invalid character would end the reading, and a full pipe then stop the flow.
    for raw in worker._proc.stderr.buffer:  # noqa: SLF001 - as above
        line = raw.decode(errors="replace").rstrip("\r\n")
        lines.put(line)
        sys.stdout.write(f"{name}\t{line[:_LONGEST_LINE]}\n")
        sys.stdout.flush()


def _retiring(kill: Callable[[list[Any]], None]) -> Callable[[list[Any]], None]:
    def retire(workers: list[Any]) -> None:
        busy = [worker for worker in workers if worker.in_use]
        kill([worker for worker in workers if worker not in busy])
        for worker in busy:
            threading.Thread(target=_kill_when_done, args=(worker, kill), daemon=True).start()

    return retire


def _kill_when_done(worker: Any, kill: Callable[[list[Any]], None]) -> None:
    # It was removed from its pool, so that it stays free once it is free.
    while worker.in_use:
        time.sleep(_RETIREMENT_POLL_SECONDS)
    kill([worker])


def _contents(make: Callable[[Path, dict[str, Any]], Any], patch: Patch) -> Any:
    """Make the store of the resources' content, if it is to be kept."""
    file = os.environ.pop("CONTENTS_FILE", None)  # so that no handler inherits it
    if file is None:
        return None
    from ministack.services import dynamodb, lambda_svc, s3, scheduler, sqs  # noqa: PLC0415
    from ministack.services.cloudformation import provisioners, stacks  # type: ignore[import-untyped]  # noqa: PLC0415

    services = {"dynamodb": dynamodb, "lambda_svc": lambda_svc, "s3": s3, "scheduler": scheduler, "sqs": sqs}
    contents = make(Path(file), services)
    for module in (provisioners, stacks):
        patch(module, "_provision_resource", contents.following)
    contents.write_regularly()
    return contents


def _end_with_input(contents: Any) -> None:
    sys.stdin.buffer.read()
    if contents is not None:
        contents.write()
    os._exit(1)


if __name__ == "__main__":
    main()
