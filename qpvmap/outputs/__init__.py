"""Rows to bytes: GeoJSON, map declarations. Sees `core` alone."""
