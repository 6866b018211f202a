"""Verbs: permission first, rows, event last. The door opens and ends the transaction."""
