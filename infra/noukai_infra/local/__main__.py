"""The command `python -m noukai_infra.local`: the local system until it is interrupted.

`PORT`, `FLOWS`, `DATA` and `FRESH` are its own settings; `CDK_CONTEXT_JSON` may hold those of a deployment.
"""

import asyncio
import io
import os
import signal
import sys
from collections.abc import Coroutine, MutableMapping
from contextlib import suppress

from noukai_infra.local.errors import LocalError
from noukai_wire.display import lines

_STOPPING = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Run the local system; return 0 when asked to stop, 1 on an error."""
    _forget_aws(os.environ)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a flow may print what the terminal cannot show
    try:
        # These load for a second, in which Ctrl-C is an end that is asked for as well.
        from noukai_infra.local.launcher import launch  # noqa: PLC0415
        from noukai_infra.local.settings import Settings  # noqa: PLC0415

        settings = Settings.from_environ(os.environ)
        asyncio.run(_until_stopped(launch(settings, os.environ, _show)))
    except LocalError as error:
        sys.stderr.write(f"{lines(str(error))}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _forget_aws(environ: MutableMapping[str, str]) -> None:
    for name in [name for name in environ if name.startswith("AWS_")]:
        del environ[name]
    # Nor are the files looked into: a profile there may name an endpoint, a proxy or a region.
    environ["AWS_CONFIG_FILE"] = environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


async def _until_stopped(body: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(body)
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    def stop(said: str = "") -> None:
        # Once only: a second signal would break off the stopping itself.
        if not asked.is_set():
            asked.set()
            # Python 3.11 reports each connection that is broken off.
            loop.set_exception_handler(lambda *_: None)
            task.cancel()
            if said:
                with suppress(OSError):  # nobody may read it any more
                    _show(said)

    for number in _STOPPING:
        loop.add_signal_handler(number, stop, "stopping ...")
    # Says nothing, since its terminal is gone; unless it is ignored, as under `nohup`.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not asked.is_set():
            raise


def _show(line: str) -> None:
    # Without what commands a terminal: a flow may have printed it, or be named so.
    print(lines(line), flush=True)  # noqa: T201 - it is what the command is for


if __name__ == "__main__":
    sys.exit(main())
