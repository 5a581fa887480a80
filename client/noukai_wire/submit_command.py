"""The command line that submits a job."""

import json
import shlex
from collections.abc import Mapping
from typing import Any


def submit_command(flow: str, arguments: Mapping[str, Any], program: str = "noukai") -> str:
    """Return a command for a POSIX shell that submits a job with these arguments and waits for it."""
    words = [program, "submit", flow]
    for name, value in arguments.items():
        words += ["-m", str(value)] if name == "message" else ["-p", f"{name}={json.dumps(value)}"]
    return shlex.join([*words, "--wait"])
