"""The build context of a worker kind's container image.

An image begins with our base, then come the commands of its folder's `Dockerfile`, such as those that install
system libraries. What is beside that file can be copied by it. Python's libraries come from
`requirements.txt` in the same folder; they are installed here, as for a ZIP file, so that the build runs no
installer and needs no machine of the target's architecture. The flows come last: most builds push only these.
"""

import re
import shutil
from pathlib import Path

from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.target import PYTHON_VERSION

MAX_UNZIPPED_BYTES = 250 * 1024 * 1024
"""The largest ZIP file of a function: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""

REQUIREMENTS = "requirements.txt"
COMMANDS = "Dockerfile"
BASE = f"python:{PYTHON_VERSION}-slim-bookworm"
"""Debian, which has packages for fonts, ffmpeg and chromium, unlike Amazon Linux 2023."""

TASK, LIBRARIES, RUNTIME = "noukai/task", "noukai/libraries", "noukai/runtime"
"""The folders in a context: our modules with the flows, their libraries, and Lambda's runtime client."""

_OURS = re.compile(r"\s*(FROM|CMD|ENTRYPOINT|WORKDIR)\b", re.IGNORECASE)
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "tests", REQUIREMENTS, COMMANDS)

_DOCKERFILE = f"""\
FROM {{base}}
{{commands}}
COPY {RUNTIME}/ /var/runtime/
COPY {LIBRARIES}/ /var/task/
COPY {TASK}/ /var/task/
ENV LAMBDA_TASK_ROOT=/var/task PYTHONPATH=/var/runtime
WORKDIR /var/task
ENTRYPOINT ["python", "-m", "awslambdaric"]
CMD ["noukai_functions.handlers.worker.handler"]
"""


def write_dockerfile(context: Path, image: Path | None, base: str | None) -> None:
    """Write the `Dockerfile` of a context, and copy the files of the image's folder.

    Raises:
        BundleError: the folder's own `Dockerfile` has a command that ours sets.
    """
    commands = ""
    if image is not None:
        shutil.copytree(image, context, ignore=_LEFT_OUT, dirs_exist_ok=True)
        file = image / COMMANDS
        commands = file.read_text(encoding="utf-8") if file.exists() else ""
        _check(file, commands)
    text = _DOCKERFILE.format(base=base or BASE, commands=commands.strip())
    (context / COMMANDS).write_text(text, encoding="utf-8")


def _check(file: Path, commands: str) -> None:
    is_continued = False
    for number, line in enumerate(commands.splitlines(), 1):
        found = None if is_continued else _OURS.match(line)
        if found is not None:
            raise BundleError(
                f"{file}:{number}: {found[1].upper()} is set for every worker's image: leave it out. The "
                "file has only what comes after our base, such as RUN apt-get install; image_base sets "
                "another base."
            )
        is_continued = line.rstrip().endswith("\\")


def size_of(folder: Path) -> int:
    """Return how many bytes the files below a folder have."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
