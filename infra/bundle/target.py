"""What an asset is built for."""

import sys
from typing import Literal

Platform = Literal["manylinux", "host"]

PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
"""Only the same minor version can make the byte code that the deployed Python loads."""

_AMAZON_LINUX_2023 = (3, 12)


def wheel_options(platform: Platform) -> list[str]:
    """Choose the options of `uv pip install` that take wheels for the platform."""
    if platform == "host":
        return ["--python", sys.executable]
    # Lambda's runtimes before Python 3.12 have Amazon Linux 2 with glibc 2.26, the later ones have 2.34.
    glibc = "manylinux_2_28" if sys.version_info >= _AMAZON_LINUX_2023 else "manylinux2014"
    return ["--python-platform", f"aarch64-{glibc}", "--python-version", PYTHON_VERSION]
