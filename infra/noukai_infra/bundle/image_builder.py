"""The program that builds container images for the CDK command: docker, podman or buildah."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from noukai_infra.bundle.error import BundleError

CHOSEN = "CDK_DOCKER"
"""The CDK command's variable for the program."""

_ASKED = {"docker": ("version",), "podman": ("info",), "buildah": ("info",)}
"""A command of each builder that fails where it cannot build, for instance without Docker's daemon."""

_SECONDS = 20


def has_images(assembly: Path, stack: str) -> bool:
    """Return whether an assembly has images to build."""
    return bool(json.loads((assembly / f"{stack}.assets.json").read_text()).get("dockerImages"))


def builder_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with which the CDK command builds images.

    Raises:
        BundleError: no builder works.
    """
    # Lambda takes no image with attestations, which BuildKit adds by default.
    plain = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    if environ.get(CHOSEN):
        return plain
    found = [name for name in _ASKED if shutil.which(name, path=environ.get("PATH"))]
    works = next((name for name in found if _works(name, environ)), None)
    if works is None:
        which = f"{' and '.join(found)} cannot be reached: start it" if found else "there is none"
        raise BundleError(
            "A worker kind runs in a container image, which docker, podman or buildah must build; "
            f"{which}. Install one of the three, or deploy from a machine that has it, such as a CI's; flows "
            "whose libraries fit into 250 MB need none."
        )
    return {**plain, CHOSEN: works}


def _works(name: str, environ: Mapping[str, str]) -> bool:
    path = shutil.which(name, path=environ.get("PATH")) or name
    try:
        asked = subprocess.run(  # noqa: S603 - the operator's own program
            [path, *_ASKED[name]], check=False, capture_output=True, timeout=_SECONDS, env={**environ}
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0
