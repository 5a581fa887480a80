"""The version of the flows here, made in a process of its own that can be ended with all that it starts."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from noukai_infra.app import bundler_of
from noukai_infra.bundle.error import BundleError
from noukai_infra.folders import REPOSITORY
from noukai_infra.repository.doctor.finding import NotCheckedError
from noukai_infra.settings import Settings, file_context

_SECONDS = 30


def version_here(seconds: float = _SECONDS) -> str:
    """Return the version of the flows here.

    Raises:
        NotCheckedError: they cannot be built, or their libraries cannot be installed in time.
    """
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", __name__],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        version, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise NotCheckedError(
            f"not checked: the libraries of the flows here are not installed within {seconds:.0f} s: "
            "check the package index that pip uses"
        ) from error
    if process.returncode:
        raise NotCheckedError(f"not checked: {said.strip()}")
    return version.strip()


def main() -> None:
    """Print the version of the flows."""
    with TemporaryDirectory() as scratch:
        try:
            sys.stdout.write(bundler_of(Settings.from_context(file_context()), Path(scratch)).version())
        except BundleError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
