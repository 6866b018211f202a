"""What tests of the investment plan share: an operation of which everything is known."""

from datetime import date
from decimal import Decimal

from qpvmap.core.geo import LonLat
from qpvmap.core.operations import Draft, FundingLine, Step
from qpvmap.core.periods import Period, Precision

REBUILT = Draft(
    title="Reconstruction de la maison de quartier, brûlée en juillet 2023, et de ses abords",
    communes=("92071", "92007"),
    theme="social",
    natures=("reconstruction", "extension"),
    work="gros œuvre : « 2 niveaux »",
    status="works",
    owner="Ville de Sceaux",
    equipment_state="future",
    equipment_name="Maison de quartier",
    starts=Period(date(2025, 4, 1), Precision.QUARTER),
    ends=Period(date(2027, 1, 1), Precision.YEAR),
    cost=Decimal("1234567.89"),
    riots_2023=True,
    description="Deux lignes.\nLa seconde commence par =1+1.",
    note="NOTE-RÉSERVÉE-2718",
    address="3 rue des Aulnes",
    place=LonLat(2.3030212, 48.7841137),
    position_quality="address",
    lines=(
        FundingLine("ANRU", 2025, Decimal(600000), Decimal("450000.10"), Decimal("120000.01")),
        FundingLine("Région", 2025, Decimal(200000), Decimal(150000), None, "délibération du 3/2"),
        FundingLine("Commune", 2026, None, Decimal(300000)),
        FundingLine("Fonds vert", 2026, Decimal(31415), None, None, "SEULEMENT-DEMANDÉ"),
        FundingLine("Fondation Ailleurs", None, None, Decimal(5000)),
    ),
    steps=(
        Step("studies", Period(date(2025, 1, 1), Precision.YEAR)),
        Step("works", Period(date(2026, 3, 1), Precision.MONTH), "marché notifié"),
        Step("delivered", Period(date(2027, 12, 15), Precision.DAY)),
    ),
)
"""In Sceaux and Bagneux, inside the quarter."""
