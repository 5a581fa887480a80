"""The watch over changes of the flows and the files that they require."""

from collections.abc import AsyncGenerator, Collection
from itertools import chain
from pathlib import Path

from watchfiles import Change, DefaultFilter, awatch

from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.libraries.requirements import Local, Requirements

_QUIET_MILLISECONDS = 200


class FlowFiles(DefaultFilter):
    """A filter that ignores byte code, build output and the temporary files of editors."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, "build", "dist")
    ignore_entity_patterns = (
        *DefaultFilter.ignore_entity_patterns,
        r"^4913$",  # Vim's test whether the folder is writable
        r"^#.*#$",  # Emacs
        r"^\.goutputstream-",  # GNOME
        r"\.(tmp|temp|bak|orig|rej)$",
        r"^\..*\.kate-swp$",
    )

    def __call__(self, change: Change, path: str) -> bool:
        """Return whether a change of the path matters."""
        return super().__call__(change, path) and not any(
            part.endswith(".egg-info") for part in Path(path).parts
        )


async def changes(flows: Path) -> AsyncGenerator[None]:
    """Yield after each change; simultaneous changes, or changes during a turn, count as one."""
    while True:
        outside = taking_part(flows)
        async for _ in awatch(flows, *outside, watch_filter=FlowFiles(), step=_QUIET_MILLISECONDS):
            yield
            if outside or taking_part(flows):
                # Watch anew: other files may be required now, and an editor may have replaced a file.
                break


async def changed_of(files: Collection[Path]) -> AsyncGenerator[set[Path]]:
    """Yield the files that have changed or appeared; they are in one folder."""
    (folder,) = {file.parent for file in files}

    def is_one(_: Change, path: str) -> bool:
        return Path(path) in files

    async for changed in awatch(folder, watch_filter=is_one, recursive=False, step=_QUIET_MILLISECONDS):
        yield {Path(path) for _, path in changed}


def taking_part(flows: Path) -> list[Path]:
    """Return the files and folders outside that the flows' `requirements.txt` uses."""
    file = flows / "requirements.txt"
    try:
        read = Requirements.read(file)
    except (BundleError, OSError):  # the build reports it
        return []
    required = (each.path for each in read.required if isinstance(each, Local))
    found = {path.resolve() for path in chain(read.files, read.links, required)}
    return sorted(path for path in found if path.exists() and not path.is_relative_to(flows.resolve()))
