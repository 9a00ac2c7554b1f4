"""What an app and a blueprint are told before the first request: routes, hooks, commands, folders."""
