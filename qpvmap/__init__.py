"""qpvmap: the shared map and reporting tool of France's priority neighbourhoods.

Packages, and the one way imports go: `core` (rules, no I/O) <- `storage` (PostGIS and
files) <- `usecases` (verbs, one transaction each) <- `web`, `api`, `jobs`, `importers`
(doors) <- `app`, `cli`. `outputs` turns rows into bytes and sees `core` alone.
"""

__version__ = "0.1.0"
