"""The start of the command, which is slow to load."""

import signal


def main() -> None:
    """Run the command; Ctrl-C while it is loading ends it as it ends a program of C, without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # nohup and shells have it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from .cli.main import main as run  # noqa: PLC0415 - that is what takes so long

    run()
