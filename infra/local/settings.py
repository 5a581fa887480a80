"""The settings of the local system, read from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.errors import LocalError
from infra.settings import ROOT

DEFAULT_PORT = 8080
DEFAULT_FLOWS = Path("functions", "flows")
DEFAULT_DATA = ROOT / ".build" / "local"

_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings; `port` 0 takes a free one, `flows` is the absolute folder of the flows.

    `data` is the folder in which what was submitted is kept from run to run, if it is; `is_fresh` begins anew
    there.
    """

    port: int
    flows: Path
    data: Path | None = None
    is_fresh: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `PORT`, `FLOWS`, `DATA` and `FRESH`; an empty value counts as unset.

        A relative folder begins at the working one. Each port has data of its own, a free one none but by
        `DATA`.

        Raises:
            LocalError: a value cannot be used.
        """
        port = environ.get("PORT") or str(DEFAULT_PORT)
        if not (port.isascii() and port.isdecimal() and int(port) <= _LAST_PORT):
            raise LocalError(f"PORT={port} is no port: give a number from 0 to {_LAST_PORT}; 0 takes a free one.")
        given = environ.get("FLOWS")
        flows = Path(given).expanduser().absolute() if given else ROOT / DEFAULT_FLOWS
        if not flows.is_dir():
            raise LocalError(f"FLOWS={given or flows}: there is no such folder.")
        fresh = environ.get("FRESH") or "0"
        if fresh not in ("0", "1"):
            raise LocalError(f"FRESH={fresh}: give 1 to begin anew, or 0 to go on with what is kept.")
        kept = Path(environ["DATA"]).expanduser().absolute() if environ.get("DATA") else None
        data = kept or (DEFAULT_DATA / port if int(port) else None)
        return cls(int(port), flows, data, fresh == "1")
