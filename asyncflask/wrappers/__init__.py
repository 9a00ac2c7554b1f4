"""What a view is given and what it gives back: the request and the response."""

from .live_form import Part
from .request import Request
from .response import Response

__all__ = ["Part", "Request", "Response"]
