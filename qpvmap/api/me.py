"""Whose token this is, and what the refusals mean."""

from qpvmap.api.blueprint import v1
from qpvmap.api.problems import CATALOGUE
from qpvmap.api.schemas import Me, ProblemKind
from qpvmap.core.errors import NotFound
from qpvmap.web.security import current_actor, public, signed_in


@v1.get("/me")
@signed_in
@v1.output(Me, description="Le compte du jeton.")
@v1.doc(operation_id="whoAmI", tags=["Compte"], summary="Savoir à qui est ce jeton")
def who_am_i() -> Me:
    """Answer who the token belongs to."""
    actor = current_actor()
    return Me(
        name=actor.name,
        email=actor.email,
        roles=sorted(actor.roles),
        organisation=actor.organisation_name or None,
    )


@v1.get("/problems/<slug>")
@public
@v1.output(ProblemKind, description="Ce que veut dire ce refus.")
@v1.doc(
    operation_id="explainProblem",
    tags=["Refus"],
    summary="Comprendre un refus",
    description="Le membre `type` d’un refus est l’adresse de son explication.",
)
def explain_problem(slug: str) -> ProblemKind:
    """Answer what a kind of refusal means."""
    kind = CATALOGUE.get(slug)
    if kind is None:
        raise NotFound("Refus", slug)
    return ProblemKind(type=kind.type, title=kind.title, status=kind.status, detail=kind.detail)
