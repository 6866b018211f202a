"""What `qpvmap` does, one module per command; qpvmap.cli imports each only when it is asked for."""
