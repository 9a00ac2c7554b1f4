"""Flask's halves of apps and blueprints that handle no request, under Flask's names for them."""
