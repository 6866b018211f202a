"""`qpvmap data`: the official files to fetch, the streets and walks that come of others."""

import click

from qpvmap.commands.coverage import coverage_command, streets_command
from qpvmap.commands.imports import fetch_command

data_group = click.Group(
    "data",
    commands=[fetch_command, streets_command, coverage_command],
    help="Télécharge les fichiers officiels, lit les rues, refait les calculs.",
)
