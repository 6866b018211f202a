from flask import Blueprint
from qpvmap.web.rounds import LEAD, ROUND
bp = Blueprint("papers", __name__)
@bp.get(f"/tournees{ROUND}/plan.svg")
@LEAD
def plan(round_id: int) -> str:
    return ""
@bp.get(f"/tournees{ROUND}.pdf")
@LEAD
def round_sheet(round_id: int) -> str:
    return ""
