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

from noukai_infra.folders import PACKAGE
from noukai_infra.local.emulator import process as emulator_process
from noukai_infra.local.emulator.certificate import HOST, Certificate
from noukai_infra.local.emulator.endpoint import ACCOUNT, REGION, ROOT_USER, Endpoint
from noukai_infra.local.emulator.readiness import answered
from noukai_infra.local.errors import LocalError
from noukai_infra.local.processes import MARK
from noukai_infra.settings import ERROR_TEXTS

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", MARK)
_LINE_LIMIT = 2**20
_LAST_LINES = 20
_WRITING_SECONDS = 3
_POLL_SECONDS = 0.02


@dataclass(slots=True)
class Emulator:
    """The emulator's process, and its latest output."""

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

        Its functions reach S3 at `objects_url`, if given, which is also in the URLs that they presign.
        `runtime` has the libraries available besides their asset and the standard library. The content of
        resources is read from and written to the file `contents`, if given. Only the basic variables of
        `environ` are passed on, so that no credentials or settings of the user reach the flows.
        """
        port, certificate = _free_port(), Certificate.issue(folder)
        process = await asyncio.create_subprocess_exec(
            *_command(),
            env={
                **_environment(folder, port, certificate, environ),
                **({} if objects_url is None else {"AWS_ENDPOINT_URL_S3": objects_url}),
                **({} if contents is None else {"CONTENTS_FILE": str(contents)}),
                **({} if runtime is None else {"PYTHONPATH": str(runtime)}),  # as in Lambda's runtime
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            limit=_LINE_LIMIT,
            # Ctrl-C reaches the terminal's process group; this process is stopped in an orderly way instead.
            start_new_session=True,
        )
        return cls(process, Endpoint(f"https://{HOST}:{port}", certificate.authority))

    async def ready(self) -> None:
        """Wait until it serves requests.

        Raises:
            LocalError: it does not start in time.
        """
        await answered(f"{self.endpoint.url}/_ministack/health", self.endpoint.trust())

    async def stop(self) -> None:
        """Stop it after it has saved its resources."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        with suppress(TimeoutError):  # then it is killed like the others, and the earlier content remains
            async with asyncio.timeout(_WRITING_SECONDS):
                # Waiting for the process would also wait for its pipes, which its workers still hold.
                while self.process.returncode is None:  # noqa: ASYNC110 - it has no event
                    await asyncio.sleep(_POLL_SECONDS)

    async def relay(self, on_line: Callable[[str, str], None]) -> None:
        """Forward each line with its source: a function's name or `emulator`.

        Raises:
            LocalError: it has ended; the message has its last lines.
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


def _environment(
    folder: Path, port: int, certificate: Certificate, environ: Mapping[str, str]
) -> dict[str, str]:
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
        # Functions have only the permissions of their roles, and queues refuse plain HTTP.
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificate.chain),
        "MINISTACK_SSL_KEY": str(certificate.key),
        # Inherited by the functions, which trust nobody else.
        "AWS_CA_BUNDLE": str(certificate.authority),
        **ROOT_USER,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Ports of services that the stack does not use, one of them fixed.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # A Docker socket that does not exist: otherwise ministack would remove containers of another
        # ministack.
        "DOCKER_HOST": f"unix://{folder / 'no-docker.sock'}",
        "LOG_LEVEL": "WARNING",
        # Inherited by the functions too: at a terminal, the messages of a flow's exceptions are shown.
        ERROR_TEXTS: environ.get(ERROR_TEXTS) or "true",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
