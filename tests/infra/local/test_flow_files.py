"""Changes of files that let the local system reload its flows."""

import asyncio
from pathlib import Path

from noukai_infra.local.assembly.flow_files import changed_of, changes, taking_part

LIMIT_SECONDS = 20


def made(folder: Path) -> Path:
    """Make flows that require a local package, and another file of requirements."""
    flows, package = folder / "flows", folder / "shop"
    for each in (flows, package / "build"):
        each.mkdir(parents=True)
    (package / "pyproject.toml").write_text("[project]\nname = 'shop'\nversion = '1'\n")
    (folder / "more.txt").write_text("")
    (flows / "requirements.txt").write_text(f"-r ../more.txt\n-e {package}\n")
    return flows


def test_files_outside_the_folder_take_part(tmp_path: Path) -> None:
    """Those that requirements include, and the packages that they name by their paths."""
    flows = made(tmp_path)
    assert taking_part(flows) == [tmp_path / "more.txt", tmp_path / "shop"]
    (flows / "requirements.txt").write_text("--no-such-option\n")
    assert taking_part(flows) == []


def test_change_of_what_is_required(tmp_path: Path) -> None:
    """It is noticed, even if an editor replaces the file; what a build makes is no change."""
    flows = made(tmp_path)

    async def watch() -> None:
        noticed = changes(flows)
        for change in (tmp_path / "more.txt", tmp_path / "shop" / "pyproject.toml", tmp_path / "more.txt"):
            waiting = asyncio.ensure_future(anext(noticed))
            while not waiting.done():  # until it is watched
                (tmp_path / "shop" / "build" / "left").touch()
                new = tmp_path / "new.txt"
                new.write_text("# another\n")
                new.replace(change)
                await asyncio.wait([waiting], timeout=0.5)
            waiting.result()
        await noticed.aclose()

    asyncio.run(asyncio.wait_for(watch(), LIMIT_SECONDS))


def test_change_of_the_settings(tmp_path: Path) -> None:
    """A file that appears later is named too; others of the folder are not."""
    settings, secrets = tmp_path / "noukai.toml", tmp_path / ".secrets"

    async def watch() -> None:
        noticed = changed_of((settings, secrets))
        for file in (settings, secrets):
            waiting = asyncio.ensure_future(anext(noticed))
            while not waiting.done():  # until it is watched
                (tmp_path / "README.md").write_text("other")
                file.write_text("changed")
                await asyncio.wait([waiting], timeout=0.5)
            found = waiting.result()
            assert file in found
            assert found <= {settings, secrets}
        await noticed.aclose()

    asyncio.run(asyncio.wait_for(watch(), LIMIT_SECONDS))
