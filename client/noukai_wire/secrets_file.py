"""The file `.secrets`, which has the secrets of flows on a developer's machine: lines `NAME=value`."""

import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

SECRETS_FILE = ".secrets"
_SETTINGS = ("noukai.toml", "cdk.json")

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)", re.ASCII)
_QUOTED = re.compile(r"""(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*(?:#.*)?""")
_COMMENT = re.compile(r"\s+#.*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_ESCAPED = re.compile(r"\\(.)")


def read_secrets_file(file: Path) -> dict[str, str]:
    r"""Read the secrets of a file in dotenv form; empty if it does not exist.

    A value may stand in single quotes, or in double quotes, where `\n` is a line break. Lines that are empty
    or begin with `#` are skipped; ` #` begins a comment.

    Raises:
        ValueError: a line is invalid; the message has its number, and not its text, which may be a secret.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeError:
        raise ValueError(f"{file} is not UTF-8 text: save it as such.") from None
    found: dict[str, str] = {}
    # Not by `splitlines`, which also parts values at characters such as a form feed.
    for number, line in enumerate(map(str.strip, text.split("\n")), 1):
        if not line or line.startswith("#"):
            continue
        parted = _LINE.fullmatch(line)
        if parted is None or "\0" in line:
            raise ValueError(f"{file}: line {number} is not NAME=value: write one secret a line.")
        found[parted[1]] = _unquoted(parted[2], f"{file}: line {number}")
    return found


def _unquoted(text: str, where: str) -> str:
    if not text.startswith(('"', "'")):
        return _COMMENT.sub("", text)
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        raise ValueError(f"{where} has a quote that does not end: close it at the end of the value.")
    double, single = quoted.groups()
    return single if double is None else _ESCAPED.sub(lambda each: _ESCAPES.get(each[1], each[1]), double)


def nearest_secrets() -> dict[str, str]:
    """Read the nearest file of secrets, from the working directory upwards to the settings' folder.

    Raises:
        ValueError: the file is invalid.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (file := folder / SECRETS_FILE).is_file():
            return read_secrets_file(file)
        if any((folder / name).is_file() for name in _SETTINGS):
            break
    return {}


@contextmanager
def in_environment(values: Mapping[str, str]) -> Generator[None]:
    """Set environment variables within the context."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
