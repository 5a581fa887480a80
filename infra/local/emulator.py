"""The AWS of the local system: starting it, knowing that it answers, and its clients."""

import asyncio
import socket
import subprocess
import sys
import sysconfig
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import boto3
from botocore.config import Config

from infra.local import emulator_process
from infra.local.errors import LocalError
from infra.local.processes import MARK
from infra.local.readiness import answered

REGION = "us-east-1"
ACCOUNT = "000000000000"

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", MARK)
_LINE_LIMIT = 2**20
_LAST_LINES = 20


@dataclass(slots=True)
class Emulator:
    """The emulator's process, and the end of what it said."""

    process: asyncio.subprocess.Process
    endpoint: str
    _said: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))

    @classmethod
    async def start(cls, folder: Path, environ: Mapping[str, str]) -> "Emulator":
        """Start it on loopback with all its files below `folder`; it takes requests once `ready` returns.

        Of `environ` only what a program needs to run is passed on, so that nothing of the user's reaches the flows:
        neither credentials nor settings.
        """
        port = _free_port()
        process = await asyncio.create_subprocess_exec(
            *_command(),
            env=_environment(folder, port, environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            limit=_LINE_LIMIT,
            # Ctrl-C reaches every process of the terminal's group; this one is stopped in good order instead.
            start_new_session=True,
        )
        return cls(process, f"http://127.0.0.1:{port}")

    async def ready(self) -> None:
        """Wait until it takes requests.

        Raises:
            LocalError: it does not in time.
        """
        await answered(f"{self.endpoint}/_ministack/health")

    async def relay(self, on_line: Callable[[str, str], None]) -> None:
        """Hand on each line with its source, a function's name or `emulator`, for as long as it lives.

        Raises:
            LocalError: it has ended; the message carries its last lines.
        """
        await asyncio.gather(self._relay_functions(on_line), self._relay_own(on_line))
        status = await self.process.wait()
        raise LocalError(f"The emulator has ended with status {status}.\n{self.last_lines}")

    @property
    def last_lines(self) -> str:
        """The end of what it said itself."""
        return "\n".join(self._said)

    def session(self) -> boto3.Session:
        """Make a session with credentials that are good here and nowhere else."""
        return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106

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


def client_config() -> Config:
    """Allow one attempt, straight to the emulator: no proxy that the environment names lies between."""
    return Config(proxies={}, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


def _command() -> list[str]:
    interpreter = Path(sys.executable).resolve()
    paths = sysconfig.get_paths()
    return [str(interpreter), "-I", emulator_process.__file__, *dict.fromkeys((paths["purelib"], paths["platlib"]))]


def _environment(folder: Path, port: int, environ: Mapping[str, str]) -> dict[str, str]:
    return {
        **{name: environ[name] for name in _PASSED_ON if name in environ},
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "STATE_DIR": str(folder),
        "S3_DATA_DIR": str(folder),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        # Listeners of services that the stack has none of, one of them on a fixed port.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # A Docker that is not there: ministack would take away containers of another ministack.
        "DOCKER_HOST": f"unix://{folder / 'no-docker.sock'}",
        "LOG_LEVEL": "WARNING",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
