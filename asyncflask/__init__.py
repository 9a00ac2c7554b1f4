"""Flask's API, async-first over ASGI."""
