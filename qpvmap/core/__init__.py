"""Rules of the field: standard library and pydantic only. No Flask, no SQL, no clock, no file."""
