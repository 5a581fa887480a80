"""The pages of a call, as botocore's paginator goes through them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Paginator:
    """Asks for each page when it is wanted."""

    call: Callable[..., dict[str, Any]]

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        page = self.call(**request)
        yield page
        while "LastEvaluatedKey" in page:
            page = self.call(**request, ExclusiveStartKey=page["LastEvaluatedKey"])
            yield page
