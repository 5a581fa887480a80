"""The file `.secrets` of the local system."""

from pathlib import Path

import pytest

from noukai_infra.local.emulator.secrets import LocalSecrets
from noukai_infra.local.errors import LocalError
from noukai_wire.secrets_file import read_secrets_file

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-AbCdEf"


def written(folder: Path, text: str) -> Path:
    file = folder / ".secrets"
    file.write_text(text)
    return file


def test_file_is_read_as_dotenv(tmp_path: Path) -> None:
    lines = [
        "# a comment",
        "",
        "A=1",
        "export B = two words # a comment",
        "C='a # b'",
        r'D="a\n\"b\"" # c',
        "E=",
    ]
    found = read_secrets_file(written(tmp_path, "\n".join(lines)))
    assert found == {"A": "1", "B": "two words", "C": "a # b", "D": 'a\n"b"', "E": ""}
    assert read_secrets_file(tmp_path / "nowhere") == {}


@pytest.mark.parametrize("line", ["no-value", "1A=2", "A='open", 'A="open\\"'])
def test_invalid_line_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    """Not by its text, which may be a secret."""
    with pytest.raises(ValueError, match="line 2 ") as refused:
        read_secrets_file(written(tmp_path, f"A=1\n{line}"))
    assert line not in str(refused.value)


def test_missing_entry_is_an_error_at_the_start(tmp_path: Path) -> None:
    settings = {"DB_URL": "ssm:/db", "TOKEN": "secretsmanager:shop#token"}
    with pytest.raises(LocalError, match=r"without a value here. Add to .*/\.secrets:\n    TOKEN=\.\.\.$"):
        LocalSecrets.of(settings, written(tmp_path, "DB_URL=a-long-value\n"))
    assert LocalSecrets.of({}, tmp_path / ".secrets") == LocalSecrets()


def test_other_accounts_arns_become_names(tmp_path: Path) -> None:
    settings = {
        "TOKEN": f"secretsmanager:{ARN}#token",
        "OTHER": f"secretsmanager:{ARN}#other",
        "DB": "ssm:/db",
    }
    secrets = LocalSecrets.of(settings, written(tmp_path, "TOKEN=one\nOTHER=two\nDB=three"))
    assert secrets.context == {
        "secrets": {
            "TOKEN": "secretsmanager:shop#token",
            "OTHER": "secretsmanager:shop#other",
            "DB": "ssm:/db",
        }
    }
    assert [*secrets._contents()] == [
        ("ssm", "/db", "three"),
        ("secretsmanager", "shop", '{"token": "one", "other": "two"}'),
    ]
    assert "three" not in repr(secrets)


@pytest.mark.parametrize("between", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_value_is_not_parted_at_other_breaks(tmp_path: Path, between: str) -> None:
    """Only a line break ends it: a part of a secret would be masked, and the other one printed."""
    file = tmp_path / ".secrets"
    file.write_text(f"A=one{between}B=two\r\nC=3\n", encoding="utf-8")
    assert read_secrets_file(file) == {"A": f"one{between}B=two", "C": "3"}


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"A=s3cret\0x", "line 1 is not NAME=value"), (b"A=s3cret\xff", "is not UTF-8 text: save it as such")],
)
def test_secret_that_no_variable_can_have(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / ".secrets"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=said) as raised:
        read_secrets_file(file)
    assert "s3cret" not in str(raised.value)
