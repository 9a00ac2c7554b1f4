"""A request's way: from the body that arrives to the response that is sent."""
