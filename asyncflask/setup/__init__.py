"""What an app or a blueprint is told before the first request: routes, hooks, commands, folders."""
