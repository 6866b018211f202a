"""Background work, run by the worker process: e-mails and clean-ups."""
