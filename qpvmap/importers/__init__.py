"""One module per official source: read a file as its producer publishes it, check, load."""
