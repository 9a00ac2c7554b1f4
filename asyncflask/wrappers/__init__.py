"""What a view is given and what it gives back: the request and the response."""

from .request import Request
from .response import Response

__all__ = ["Request", "Response"]
