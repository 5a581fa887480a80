"""The checks of a deployed stack, run as `make verify-aws` runs them."""

import os
import subprocess
import sys
from collections.abc import Mapping

from noukai_infra.settings import ROOT


def verified(environ: Mapping[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Make the checks in a process of their own, with no AWS but that of `environ`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, "-m", "noukai_infra", "verify", *options],
        cwd=ROOT,
        env={**own, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
