"""The `requirements.txt` of flows."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.libraries.dependencies import Dependencies
from noukai_infra.bundle.libraries.requirements import Requirements
from noukai_infra.bundle.libraries.wheel import Wheel, wheel_of
from tests.infra.bundle.wheels import make_package, make_wheel

Write = Callable[..., Path]
Install = Callable[..., Path]


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    folder = tmp_path / "flows"
    folder.mkdir()
    return folder


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """Return a folder of wheels, in place of an index: two versions of `first`, which may want `second`."""
    folder = tmp_path / "links"
    folder.mkdir()
    for version in ("1.0", "2.0"):
        extra = 'Provides-Extra: more\nRequires-Dist: second; extra == "more"\n'
        make_wheel(folder, "first", f"VERSION = {version!r}\n", version=version, metadata=extra)
        make_wheel(folder, "second", f"VERSION = {version!r}\n", version=version)
    return folder


@pytest.fixture
def install(flows: Path, links: Path, tmp_path: Path) -> Install:
    """Install what the flows require; gives the folder."""

    def installed(text: str | bytes) -> Path:
        head = f"--no-index\n--find-links {links}\n"
        content = text if isinstance(text, bytes) else (head + text).encode()
        (flows / "requirements.txt").write_bytes(content)
        read = Requirements.read(flows / "requirements.txt")
        return Dependencies("host", tmp_path / "cache").of_flows(read, [])

    return installed


def version(folder: Path, name: str) -> str | None:
    path = folder / f"{name}.py"
    return path.read_text().split("'")[1] if path.exists() else None


def test_nested_requirements_and_constraints(install: Install, flows: Path) -> None:
    """Each is found from the file that names it; a constraint asks for nothing itself."""
    (flows / "parts").mkdir()
    (flows / "parts" / "base.txt").write_text("-r more.txt\n--constraint=limits.txt\n")
    (flows / "parts" / "more.txt").write_text("first  # what we need\n")
    (flows / "parts" / "limits.txt").write_text("first < 2\nsecond < 2\n")
    folder = install("-r parts/base.txt\n")
    assert (version(folder, "first"), version(folder, "second")) == ("1.0", None)


def test_variables_of_the_environment(install: Install, links: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Are put in, as pip does; what an error shows is the line as it is written."""
    monkeypatch.setenv("FOLDER", str(links))
    monkeypatch.setenv("TOKEN", "secret")
    assert version(install(b"--no-index\n--find-links ${FOLDER}\nfirst==1.0\n"), "first") == "1.0"
    with pytest.raises(BundleError) as raised:
        install(b"third @ https://${TOKEN}@[/third.whl\n")
    assert "${TOKEN}" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_extras(install: Install) -> None:
    """Bring what they want."""
    folder = install("first[more] == 1.0 ; python_version > '3'\n")
    assert (version(folder, "first"), version(folder, "second")) == ("1.0", "2.0")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-8"])
def test_encodings(install: Install, links: Path, encoding: str) -> None:
    """A byte-order mark says which; Windows likes to write one."""
    text = f"--no-index\n--find-links {links}\nfirst==1.0  # Größe\n"
    assert version(install(text.encode(encoding)), "first") == "1.0"


def test_text_in_no_such_encoding(install: Install) -> None:
    """Is refused at its line."""
    with pytest.raises(BundleError, match=r"requirements\.txt:2: this is not UTF-8 text"):
        install("first\n# Größe\n".encode("latin-1"))


def test_hashes(install: Install, links: Path) -> None:
    """Are kept to."""
    digest = hashlib.sha256((links / "first-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    assert version(install(f"first==1.0 \\\n    --hash=sha256:{digest}\n"), "first") == "1.0"
    with pytest.raises(BundleError, match=r"requirements\.txt:3: first==1\.0 --hash"):
        install(f"first==1.0 \\\n    --hash=sha256:{'0' * 64}\n")


@pytest.mark.parametrize(
    "line",
    ["-e ../own", "--editable=../own", "../own", "own @ {uri}", "../own ; python_version > '3'", "{path}"],
)
def test_local_package(install: Install, tmp_path: Path, line: str) -> None:
    """It is built, since an asset cannot hold links, and again whenever one of its files has changed."""
    package = make_package(tmp_path, "own", "VERSION = 'before'\n")
    text = line.format(uri=package.as_uri(), path=package)
    assert version(install(text), "own") == "before"
    (package / "own.py").write_text("VERSION = 'after'\n")
    assert version(install(text), "own") == "after"


def test_local_wheel_that_has_changed(install: Install, tmp_path: Path) -> None:
    """Though it has the same name."""
    for said in ("before", "after"):
        make_wheel(tmp_path, "own", f"VERSION = {said!r}\n")
        assert version(install("../own-1.0-py3-none-any.whl"), "own") == said


def test_nested_file_that_has_changed(install: Install, flows: Path) -> None:
    """Installs anew, too."""
    for number in ("1.0", "2.0"):
        (flows / "base.txt").write_text(f"first=={number}\n")
        assert version(install("-r base.txt\n"), "first") == number


def test_constraints_that_have_changed(install: Install, flows: Path) -> None:
    """Install anew, although the same is asked for."""
    for number in ("1.0", "2.0"):
        (flows / "limits.txt").write_text(f"first=={number}\n")
        assert version(install("first\n-c limits.txt\n"), "first") == number


def test_wheel_of_a_folder_that_has_changed(install: Install, links: Path) -> None:
    """Is another one, also if it is as long as before."""
    for said in ("one", "two"):
        make_wheel(links, "first", f"VERSION = {said!r}\n", version="3.0")
        assert version(install("first\n"), "first") == said


def test_file_that_several_include(install: Install, flows: Path) -> None:
    """Is read once, as in a folder whose files share their constraints."""
    (flows / "limits.txt").write_text("first < 2\n")
    for name in ("base", "more"):
        (flows / f"{name}.txt").write_text("-c limits.txt\nfirst\n")
    assert version(install("-r base.txt\n-r more.txt\n-r base.txt\n-r limits.txt\n"), "first") == "1.0"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-r nowhere.txt", "there is no file"),
        ("-r requirements.txt", "it includes itself"),
        ("../nowhere", "nowhere does not exist"),
        ("-e .", "is not a package: it has neither pyproject.toml nor setup.py"),
        ("-e git+https://example.com/own.git", "only a local path can be editable"),
        ("own @ git+https://example.com/own.git", "git+https cannot be fetched"),
        ("--pre", "--pre is not supported"),
        ("https://example.com/own-1.0-py3-none-any.whl", "add the distribution's name: name @ https://"),
        (
            "--extra-index-url https://${NO_SUCH_TOKEN}@example.com/",
            "the environment variable NO_SUCH_TOKEN is not set",
        ),
        ("first\0", "this is not UTF-8 text"),
        ("first = 1.0", "Expected"),
        ("first[more", "Expected"),
        ("-c ../own.txt", "a constraint must be a distribution's name"),
        ("noukai == 99", "the client must have the version of this noukai, 0.2.0: write noukai"),
    ],
)
def test_line_that_is_refused(install: Install, tmp_path: Path, text: str, said: str) -> None:
    """Is named, and why."""
    make_package(tmp_path, "own", "")
    (tmp_path / "own.txt").write_text("./own\n")
    with pytest.raises(BundleError) as raised:
        install(f"first\n{text}\n")
    assert said in str(raised.value)
    assert f"{tmp_path / 'own.txt'}:1: " in str(raised.value) or "requirements.txt:4: " in str(raised.value)


def test_requirement_that_nobody_has(install: Install) -> None:
    """Is named by its line, above what the installer says."""
    with pytest.raises(BundleError, match=r"requirements\.txt:4: third==3\.0\n"):
        install("first\nthird==3.0\n")


def test_package_that_cannot_be_built(install: Install, tmp_path: Path) -> None:
    """Is named by its line."""
    package = make_package(tmp_path, "own", "")
    (package / "backend.py").write_text("raise ValueError('broken')\n")
    with pytest.raises(BundleError, match=r"(?s)requirements\.txt:3: .*it cannot be built:.*broken"):
        install("-e ../own\n")


def test_wheel_for_this_machine_alone_is_not_deployed(tmp_path: Path) -> None:
    """A package with parts in C is built for what builds it."""
    assert Wheel(Path("own-1.0-cp313-cp313-linux_x86_64.whl")).is_for_this_machine_alone
    package = make_package(tmp_path, "own", "")
    backend = package / "backend.py"
    named = "own-1.0-cp311-cp311-linux_x86_64.whl"
    backend.write_text(backend.read_text().replace(".name", f".rename(Path(directory) / {named!r}).name"))
    with pytest.raises(BundleError, match="runs only on this machine"):
        wheel_of(package, "manylinux", tmp_path)
