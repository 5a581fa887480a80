"""Noticing that the flows have changed."""

from collections.abc import AsyncIterator
from pathlib import Path

from watchfiles import DefaultFilter, awatch

_QUIET_MILLISECONDS = 200


class FlowFiles(DefaultFilter):
    """Every file of the flows except byte code and what editors write beside the file that is edited."""

    ignore_entity_patterns = (
        *DefaultFilter.ignore_entity_patterns,
        r"^4913$",  # Vim tries whether it may write here
        r"^#.*#$",  # Emacs
        r"^\.goutputstream-",  # GNOME
        r"\.(tmp|temp|bak|orig|rej)$",
        r"^\..*\.kate-swp$",
    )


async def changes(flows: Path) -> AsyncIterator[None]:
    """Yield after each change, addition or removal below the folder; several at once, or during a turn, are one."""
    async for _ in awatch(flows, watch_filter=FlowFiles(), step=_QUIET_MILLISECONDS):
        yield
