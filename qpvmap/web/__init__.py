"""French pages: a door that turns forms into use cases and rows into HTML."""
