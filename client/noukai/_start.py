"""The entry point of the command, which is slow to load."""

import signal


def main() -> None:
    """Run the command; let Ctrl-C end it without a traceback while it is loading."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # nohup and shells may have it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from .cli.main import main as run  # noqa: PLC0415 - that is what takes so long

    run()
