"""The command `noukai` as a test runs it."""

from typer.testing import CliRunner

from noukai.cli.main import app


def run(*arguments: str, stdin: str | bytes | None = None) -> tuple[int, str, str]:
    """Return the exit code, stdout and stderr of the command in this process."""
    result = CliRunner().invoke(app, arguments, input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr
