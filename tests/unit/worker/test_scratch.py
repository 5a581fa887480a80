"""The folder of an attempt's temporary files, and its removal."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from noukai_functions.worker.process.scratch import make_scratch, remove_scratch, remove_stale

DEEP = 1100
NOBODY = 65534


@pytest.fixture(autouse=True)
def _in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def go_deep(folder: Path) -> None:
    os.chdir(folder)
    for _ in range(DEEP):
        os.mkdir("d" * 100)  # noqa: PTH102 - no path is long enough
        os.chdir("d" * 100)
    Path("file").touch()


def lock_up(folder: Path) -> None:
    inner = folder / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "file").touch(0o000)
    for each in (inner, inner.parent, folder):
        each.chmod(0o000)


def fill_oddly(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    (folder / "hole").symlink_to("nowhere")
    (folder / "self").symlink_to(folder)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe\n")).touch()
    for number in range(50):
        (folder / str(number) / "x").mkdir(parents=True)


def replace_by_link(folder: Path) -> None:
    folder.rmdir()
    folder.symlink_to("/etc")


CONTENTS: dict[str, Callable[[Path], object]] = {
    "nothing": lambda _: None,
    "deep": go_deep,
    "locked": lock_up,
    "odd": fill_oddly,
    "gone": Path.rmdir,
    "link": replace_by_link,
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_folder_is_removed_whatever_is_in_it(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modes, depth, links and unusual names do not prevent it."""
    monkeypatch.chdir(tmp_path)
    folder = Path(make_scratch())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    CONTENTS[kind](folder)
    os.chdir(tmp_path)
    remove_scratch(str(folder))
    assert list(tmp_path.iterdir()) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link's target stays, with its mode."""
    outside = tmp_path / "outside"
    outside.mkdir(0o500)
    (tmp_path / "file").touch(0o400)
    folder = Path(make_scratch())
    (folder / "in").mkdir()
    for number, target in enumerate((outside, tmp_path / "file")):
        (folder / f"link{number}").symlink_to(target)
        (folder / "in" / f"link{number}").symlink_to(target)
    (folder / "in" / "hard").hardlink_to(tmp_path / "file")
    remove_scratch(str(folder))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "outside"]
    assert stat.S_IMODE(outside.stat().st_mode) == 0o500
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o400


def test_stale_folders_are_removed_and_no_others(tmp_path: Path) -> None:
    """A starting worker removes the folders of dead workers, and none of a living one."""
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], stdout=subprocess.PIPE, check=True
    )
    kept = {"attempt-1-0123456789abcdef", "attempt-notes", f"attempt-{os.getppid()}-0123456789abcdef"}
    for name in (
        *kept,
        f"attempt-{int(dead.stdout)}-0123456789abcdef",
        f"attempt-{os.getpid()}-0123456789abcdef",
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    remove_stale()
    assert {path.name for path in tmp_path.iterdir()} == kept


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_modes_hinder_nobody(tmp_path: Path) -> None:
    """A user for whom modes count can remove it too."""
    tmp_path.chmod(0o777)
    pid = os.fork()
    if pid == 0:
        try:
            for parent in tmp_path.parents:
                parent.chmod(parent.stat().st_mode | 0o011)
            os.setuid(NOBODY)
            folder = Path(make_scratch())
            lock_up(folder)
            remove_scratch(str(folder))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert list(tmp_path.iterdir()) == []
