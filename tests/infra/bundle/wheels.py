"""Distributions made for a test."""

import zipfile
from pathlib import Path


def make_wheel(folder: Path, name: str, source: str, *, version: str = "1.0", metadata: str = "") -> Path:
    """Make the wheel of a one-module distribution."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    content = {
        f"{name}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in (*content, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**content, f"{info}/RECORD": record}.items():
            archive.writestr(file, text)
    return path


def make_package(folder: Path, name: str, source: str) -> Path:
    """Make the sources of a one-module distribution, which build themselves without anything else."""
    package = folder / name
    package.mkdir(parents=True)
    (package / f"{name}.py").write_text(source)
    (package / "pyproject.toml").write_text(
        f'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "1.0"\n'
    )
    (package / "backend.py").write_text(
        "import sys\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom wheels import make_wheel\n"
        "def build_wheel(directory, *_, **__):\n"
        f"    return make_wheel(Path(directory), {name!r}, Path('{name}.py').read_text()).name\n"
    )
    return package
