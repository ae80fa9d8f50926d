"""The database: engine, tables, repositories, the unit of work."""
