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
            stream.reconfigure(
                errors="backslashreplace"
            )  # a flow may print characters that the terminal cannot show
    try:
        # These imports take a second, in which Ctrl-C must also end the program cleanly.
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
    # The files are ignored too, since a profile may set an endpoint, a proxy or a region.
    environ["AWS_CONFIG_FILE"] = environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


async def _until_stopped(body: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(body)
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    def stop(said: str = "") -> None:
        # Once only, since a second signal would interrupt the stopping.
        if not asked.is_set():
            asked.set()
            # Python 3.11 reports each aborted connection.
            loop.set_exception_handler(lambda *_: None)
            task.cancel()
            if said:
                with suppress(OSError):  # nobody may be reading
                    _show(said)

    for number in _STOPPING:
        loop.add_signal_handler(number, stop, "stopping ...")
    # Silent, since the terminal is gone; unless the signal is ignored, as under `nohup`.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not asked.is_set():
            raise


def _show(line: str) -> None:
    # Without control characters, which a flow's output or name may contain.
    print(lines(line), flush=True)  # noqa: T201 - printing is the command's purpose


if __name__ == "__main__":
    sys.exit(main())
