"""The pipeline of platforms' add-ons: what they tell of accounts that are watched, not traded."""
