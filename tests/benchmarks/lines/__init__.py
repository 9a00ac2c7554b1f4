"""The lines of the table, in its order."""

from __future__ import annotations

from .bodies import BODIES
from .crowds import CROWDS
from .files import FILES
from .pages import PAGES
from .routes import ROUTES
from .streams import STREAMS
from .views import VIEWS

LINES = (*VIEWS, *BODIES, *PAGES, *ROUTES, *FILES, *STREAMS, *CROWDS)
