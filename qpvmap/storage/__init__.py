"""PostgreSQL, PostGIS and files: functions that take a session and return rows or values."""
