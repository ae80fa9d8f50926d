"""How larger things look in JSON, for the API, the pages and the sockets alike."""
