"""JSON doors: version 1 of the API, its schemas and its problem documents."""
