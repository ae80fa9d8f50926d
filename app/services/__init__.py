"""The verbs: use cases written against ports, with no framework and no clock of their own."""
