"""Alembic's folder: tables only. Derived objects live in `storage/views`."""
