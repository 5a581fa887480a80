"""The scratch folder for an attempt's temporary files."""

import os
import re
import secrets
import stat
from contextlib import suppress

_NAME = re.compile(r"attempt-(\d+)-[0-9a-f]{16}")
NEW_MODE = stat.S_IFDIR | stat.S_IRWXU
"""The mode of a new folder."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def make_scratch() -> str:
    """Make the folder of an attempt, accessible to its owner only, and return its path."""
    path = f"{_parent()}/attempt-{os.getpid()}-{secrets.token_hex(8)}"
    os.mkdir(path, 0o700)
    return path


def remove_stale() -> None:
    """Remove the folders of killed workers.

    On Lambda, the next worker may get the same disk and the same process id.
    """
    for name in os.listdir(_parent()):
        made = _NAME.fullmatch(name)
        if made and (int(made[1]) == os.getpid() or not _is_alive(int(made[1]))):
            with suppress(OSError):  # another worker may be removing it too
                remove_scratch(f"{_parent()}/{name}")


def remove_scratch(path: str) -> None:
    """Delete the folder, whatever its modes and depth, without following symlinks.

    Raises:
        OSError: something cannot be deleted.
    """
    try:
        os.rmdir(path)
    except FileNotFoundError:
        return
    except OSError:
        _remove_full(path)


def _remove_full(path: str) -> None:
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        os.unlink(path)  # the flow has replaced the folder
        return
    os.chmod(path, stat.S_IRWXU)
    _empty(os.open(path, _FOLDER))
    os.rmdir(path)


def _empty(folder: int) -> None:
    """Delete the contents of an open folder, and close it.

    Only one folder is open at a time: a flow may nest folders deeper than paths, the stack or the open-file
    limit allow.
    """
    above: list[tuple[tuple[int, int], str, list[str]]] = []
    try:
        inner = _delete_files(folder)
        while inner or above:
            if inner:
                name = inner.pop()
                above.append((_identity(folder), name, inner))
                folder = _go(folder, name)
                inner = _delete_files(folder)
            else:
                identity, name, inner = above.pop()
                folder = _go(folder, "..")
                if _identity(folder) != identity:
                    raise OSError(f"a folder was moved while it was deleted: {name!r}")
                os.rmdir(name, dir_fd=folder)
    finally:
        os.close(folder)


def _delete_files(folder: int) -> list[str]:
    """Delete the files; return the subfolders, made accessible."""
    folders = []
    for name in os.listdir(folder):
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            os.chmod(name, stat.S_IRWXU, dir_fd=folder)
            folders.append(name)
        else:
            os.unlink(name, dir_fd=folder)
    return folders


def _go(folder: int, name: str) -> int:
    """Open another folder, and close this one."""
    other = os.open(name, _FOLDER, dir_fd=folder)
    os.close(folder)
    return other


def _identity(folder: int) -> tuple[int, int]:
    status = os.fstat(folder)
    return status.st_dev, status.st_ino


def _parent() -> str:
    return os.environ.get("TMPDIR", "/tmp")  # noqa: S108 - the name cannot be guessed


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
