"""What commands share: options, printing, opening the core, talking to the running server."""
