"""The nouns of trading, pure: no framework, no database, no clock."""
