"""The emulator of AWS: its start, its readiness and its clients."""

import asyncio
import socket
import subprocess
import sys
import sysconfig
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from noukai_infra.local.emulator import process as emulator_process
from noukai_infra.local.emulator.certificate import HOST, Certificate
from noukai_infra.local.emulator.endpoint import ACCOUNT, REGION, ROOT_USER, Endpoint
from noukai_infra.local.emulator.readiness import answered
from noukai_infra.local.errors import LocalError
from noukai_infra.local.processes import MARK
from noukai_infra.places import PACKAGE
from noukai_infra.settings import ERROR_TEXTS

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", MARK)
_LINE_LIMIT = 2**20
_LAST_LINES = 20
_WRITING_SECONDS = 3
_POLL_SECONDS = 0.02


@dataclass(slots=True)
class Emulator:
    """The emulator's process, and its last output."""

    process: asyncio.subprocess.Process
    endpoint: Endpoint
    _said: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))

    @classmethod
    async def start(
        cls,
        folder: Path,
        environ: Mapping[str, str],
        *,
        objects_url: str | None = None,
        runtime: Path | None = None,
        contents: Path | None = None,
    ) -> "Emulator":
        """Start the emulator on loopback with its files below `folder`; `ready` waits until it serves.

        Its functions reach S3 by `objects_url`, if that is given, and so do the URLs that they give away.
        `runtime` has the libraries that they find beside their asset and the standard library. What its
        resources hold is read from the file `contents` and written to it, if that is given. Of `environ` only
        what a program needs to run is passed on, so that nothing of the user's reaches the flows: neither
        credentials nor settings.
        """
        port, certificate = _free_port(), Certificate.issue(folder)
        process = await asyncio.create_subprocess_exec(
            *_command(),
            env={
                **_environment(folder, port, certificate, environ),
                **({} if objects_url is None else {"AWS_ENDPOINT_URL_S3": objects_url}),
                **({} if contents is None else {"CONTENTS_FILE": str(contents)}),
                **({} if runtime is None else {"PYTHONPATH": str(runtime)}),  # where Lambda has it, too
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            limit=_LINE_LIMIT,
            # Ctrl-C reaches every process of the terminal's group; this one is stopped in good order instead.
            start_new_session=True,
        )
        return cls(process, Endpoint(f"https://{HOST}:{port}", certificate.authority))

    async def ready(self) -> None:
        """Wait until it serves requests.

        Raises:
            LocalError: it does not in time.
        """
        await answered(f"{self.endpoint.url}/_ministack/health", self.endpoint.trust())

    async def stop(self) -> None:
        """Stop it after it has saved its resources."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        with suppress(TimeoutError):  # then it is ended like all others, and has what it wrote before
            async with asyncio.timeout(_WRITING_SECONDS):
                # To wait for the process would be to wait for the pipes as well, which its workers still
                # hold.
                while self.process.returncode is None:  # noqa: ASYNC110 - it has no event
                    await asyncio.sleep(_POLL_SECONDS)

    async def relay(self, on_line: Callable[[str, str], None]) -> None:
        """Forward each line with its source, a function's name or `emulator`.

        Raises:
            LocalError: it has ended; the message carries its last lines.
        """
        await asyncio.gather(self._relay_functions(on_line), self._relay_own(on_line))
        status = await self.process.wait()
        raise LocalError(f"The emulator has ended with status {status}.\n{self.last_lines}")

    @property
    def last_lines(self) -> str:
        """Return the last lines of its own output."""
        return "\n".join(self._said)

    async def _relay_functions(self, on_line: Callable[[str, str], None]) -> None:
        if self.process.stdout is not None:
            async for raw in self.process.stdout:
                function, _, line = raw.decode(errors="replace").rstrip("\n").partition("\t")
                on_line(function, line)

    async def _relay_own(self, on_line: Callable[[str, str], None]) -> None:
        if self.process.stderr is not None:
            async for raw in self.process.stderr:
                line = raw.decode(errors="replace").rstrip()
                self._said.append(line)
                on_line("emulator", line)


def _command() -> list[str]:
    interpreter = Path(sys.executable).resolve()
    paths = sysconfig.get_paths()
    return [
        str(interpreter),
        "-I",
        emulator_process.__file__,
        *dict.fromkeys((paths["purelib"], paths["platlib"], str(PACKAGE.parent))),
    ]


def _environment(folder: Path, port: int, certificate: Certificate, environ: Mapping[str, str]) -> dict[str, str]:
    return {
        **{name: environ[name] for name in _PASSED_ON if name in environ},
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "STATE_DIR": str(folder),
        "S3_DATA_DIR": str(folder),
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        # A function may do what its role allows and nothing else, and its queues refuse plain HTTP.
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificate.chain),
        "MINISTACK_SSL_KEY": str(certificate.key),
        # The functions inherit it, and trust nobody else.
        "AWS_CA_BUNDLE": str(certificate.authority),
        **ROOT_USER,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Listeners of services that the stack has none of, one of them on a fixed port.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # A Docker that is not there: ministack would take away containers of another ministack.
        "DOCKER_HOST": f"unix://{folder / 'no-docker.sock'}",
        "LOG_LEVEL": "WARNING",
        # The functions inherit it as well: a person at a terminal reads what a flow raised, where AWS's logs
        # lack it.
        ERROR_TEXTS: environ.get(ERROR_TEXTS) or "true",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
