"""The `requirements.txt` of a flows folder, with its includes."""

import codecs
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from noukai_infra.bundle.error import BundleError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its prefix
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OPTION = re.compile(r"(--?[\w-]+)[ =]*(.*)", re.DOTALL)
_INDEX = {"-i", "--index-url", "--extra-index-url", "--no-index"}
_KNOWN_ANYWAY = {"--prefer-binary", "--only-binary"}
"""Options that change nothing: only wheels are installed, since the asset may be for another platform."""

_PATH = re.compile(r"(?P<path>[^\[;]+?)\s*(?P<extras>\[[^\]]*\])?\s*(?P<marker>;.*)?")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_HASHES = re.compile(r"\s--hash[= ]\S+")


@dataclass(frozen=True, slots=True)
class Line:
    """A logical line of a requirements file."""

    file: Path
    number: int
    text: str

    def refused(self, why: str) -> BundleError:
        """Return the error for a refused line."""
        return BundleError(f"{self.file}:{self.number}: {self.text!r} is refused: {why}")

    def with_variables(self, text: str) -> str:
        """Expand environment variables, such as a password for an index, which errors do not show."""
        missing = [name for name in _VARIABLE.findall(text) if not os.environ.get(name)]
        if missing:
            raise self.refused(f"the environment variable {missing[0]} is not set.")
        return _VARIABLE.sub(lambda match: os.environ[match[1]], text)

    def url(self, text: str) -> SplitResult:
        """Parse a URL; a path has no scheme."""
        try:
            return urlsplit(text)
        except ValueError as error:
            raise self.refused(f"{error}.") from None

    def path(self, text: str) -> Path:
        """Resolve a path, relative to the file or absolute."""
        return (self.file.parent / Path(text).expanduser()).resolve()


@dataclass(frozen=True, slots=True)
class Named:
    """A requirement by name, installed from an index, or by URL."""

    line: Line
    name: str
    specifier: Requirement
    hashes: str

    def __str__(self) -> str:
        return f"{self.specifier}{self.hashes}"


@dataclass(frozen=True, slots=True)
class Local:
    """A requirement by path: a wheel, or a package to build."""

    line: Line
    path: Path
    extras: str
    marker: str


@dataclass(slots=True)
class Requirements:
    """The requirements, constraints and index options of a file and its includes."""

    required: list[Named | Local] = field(default_factory=list)
    constraints: list[Named] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    """Folders that may contain wheels."""
    files: list[Path] = field(default_factory=list)
    _included: set[tuple[Path, bool]] = field(default_factory=set)
    """Each file, and whether it was included as requirements or as constraints; both are possible."""
    _open: list[Path] = field(default_factory=list)
    """The files being read; each includes the next."""

    @classmethod
    def read(cls, file: Path) -> "Requirements":
        """Read a file.

        Raises:
            BundleError: a line is refused; the message names it and gives the reason.
        """
        found = cls()
        found._include(file.resolve(), required=True)
        return found

    def about(self, text: str) -> list[Line]:
        """Return the lines of the requirements that a text mentions."""
        named = [each for each in (*self.required, *self.constraints) if isinstance(each, Named)]
        return [each.line for each in named if re.search(rf"(?<![\w-]){re.escape(each.name)}(?![\w-])", text)]

    def _include_once(self, line: Line, file: Path, *, required: bool) -> None:
        """Include a file that several files may include, such as one of constraints.

        Refuses a file that includes itself.
        """
        if file in self._open:
            raise line.refused(f"{file} is being read already: it includes itself.")
        if (file, required) not in self._included:
            self._include(file, required=required)

    def _include(self, file: Path, *, required: bool) -> None:
        self.files.append(file)
        self._included.add((file, required))
        self._open.append(file)
        self._take_lines(file, required=required)
        self._open.pop()

    def _take_lines(self, file: Path, *, required: bool) -> None:
        for line in _lines(file):
            option = _OPTION.fullmatch(line.text) if line.text.startswith("-") else None
            if option is not None:
                self._take_option(line, option[1], line.with_variables(option[2].strip()), required=required)
                continue
            requirement = _requirement(line)
            if required:
                self.required.append(requirement)
            elif isinstance(requirement, Local) or requirement.specifier.extras:
                raise line.refused("a constraint must be a distribution's name and versions.")
            else:
                self.constraints.append(requirement)

    def _take_option(self, line: Line, option: str, value: str, *, required: bool) -> None:
        if option in {"-r", "--requirement", "-c", "--constraint"}:
            included = line.path(value)
            if not included.is_file():
                raise line.refused(f"there is no file {included}.")
            self._include_once(line, included, required=required and option in {"-r", "--requirement"})
        elif option in {"-e", "--editable"} and required:
            self.required.append(_local(line, value))
        elif option in {"-f", "--find-links"}:
            is_remote = line.url(value).scheme in {"http", "https"}
            self.options += ["--find-links", value if is_remote else str(line.path(value))]
            self.links += [] if is_remote else [line.path(value)]
        elif option == "--require-hashes" or option in _INDEX:
            self.options += [option, value] if value else [option]
        elif option not in _KNOWN_ANYWAY:
            raise line.refused(f"{option} is not supported: leave it out.")


def _lines(file: Path) -> Iterator[Line]:
    """Read the logical lines of a file, without its comments."""
    parts: list[str] = []
    begun = 1
    for number, physical in enumerate([*_text(file).splitlines(), ""], start=1):
        begun = begun if parts else number
        text = re.sub(r"(^|\s)#.*", "", physical).rstrip()
        parts.append(text.removesuffix("\\").strip())
        if text.endswith("\\"):
            continue
        if joined := " ".join(filter(None, parts)):
            yield Line(file, begun, joined)
        parts = []


def _text(file: Path) -> str:
    content = file.read_bytes()
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _no_text(file, content[: error.start].count(b"\n")) from error
    before, null, _ = text.partition("\0")
    if null:
        raise _no_text(file, before.count("\n"))
    return text


def _no_text(file: Path, lines_before: int) -> BundleError:
    return BundleError(f"{file}:{lines_before + 1}: this is not UTF-8 text: save the file as UTF-8.")


def _requirement(line: Line) -> Named | Local:
    hashes = "".join(_HASHES.findall(line.text))
    text = _HASHES.sub("", line.text).strip()
    try:
        parsed = Requirement(line.with_variables(text))
    except InvalidRequirement as error:
        if _is_path(text) or line.path(text.partition("[")[0]).exists():
            return _local(line, text)
        raise line.refused(f"{str(error).splitlines()[0]}.") from None
    url = line.url(parsed.url or "")
    if url.scheme == "file":
        marker = "" if parsed.marker is None else f"; {parsed.marker}"
        extras = f"[{','.join(sorted(parsed.extras))}]" if parsed.extras else ""
        return Local(line, _there(line, Path(unquote(url.path))), extras, marker)
    if parsed.url and url.scheme not in {"http", "https"}:
        raise line.refused(
            f"{url.scheme or 'this'} cannot be fetched: name a version, a wheel or a local path."
        )
    return Named(line, canonicalize_name(parsed.name), parsed, hashes)


def _is_path(text: str) -> bool:
    return text.startswith((".", "/", "~", "file:")) or text.partition("[")[0].endswith(
        (".whl", ".tar.gz", ".zip")
    )


def _local(line: Line, text: str) -> Local:
    if line.url(text).scheme in {"http", "https"}:
        raise line.refused(f"add the distribution's name: name @ {text.partition('://')[0]}://….")
    match = _PATH.fullmatch(text)
    if match is None or "+" in line.url(text).scheme:
        raise line.refused("only a local path can be editable: name a version, a wheel or a path.")
    path = match["path"]
    return Local(
        line,
        _there(line, Path(unquote(line.url(path).path)) if path.startswith("file:") else line.path(path)),
        match["extras"] or "",
        match["marker"] or "",
    )


def _there(line: Line, path: Path) -> Path:
    if path.is_dir() and not any((path / name).exists() for name in ("pyproject.toml", "setup.py")):
        raise line.refused(f"{path} is not a package: it has neither pyproject.toml nor setup.py.")
    if not path.exists():
        raise line.refused(f"{path} does not exist.")
    return path
