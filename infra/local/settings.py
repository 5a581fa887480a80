"""The settings of the local system, read from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.errors import LocalError
from infra.settings import ROOT

DEFAULT_PORT = 8080
DEFAULT_FLOWS = Path("functions", "flows")

_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Settings:
    """`port` 0 takes a free one; `flows` is the absolute folder of the flows."""

    port: int
    flows: Path

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `PORT` and `FLOWS`, whose empty value is that of none; a relative folder begins at the working one.

        Raises:
            LocalError: a value is no port or no folder.
        """
        port = environ.get("PORT") or str(DEFAULT_PORT)
        if not (port.isascii() and port.isdecimal() and int(port) <= _LAST_PORT):
            raise LocalError(f"PORT={port} is no port: give a number from 0 to {_LAST_PORT}; 0 takes a free one.")
        given = environ.get("FLOWS")
        flows = Path(given).expanduser().absolute() if given else ROOT / DEFAULT_FLOWS
        if not flows.is_dir():
            raise LocalError(f"FLOWS={given or flows}: there is no such folder.")
        return cls(int(port), flows)
