"""ASGI middleware, a module for each, in the places that Werkzeug has its WSGI middleware."""
