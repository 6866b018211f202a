"""What may be reported."""

from qpvmap.api.blueprint import territory_code, v1
from qpvmap.api.schemas import Categories, CategoryItem
from qpvmap.core.permissions import Action, Nature, Target, may
from qpvmap.storage.signalements import categories_of, territory_by_code
from qpvmap.web.security import current_actor, public
from qpvmap.web.sessions import request_session


@v1.get("/categories")
@public
@v1.output(Categories, description="Les catégories, dans l’ordre où on les présente.")
@v1.doc(
    operation_id="listCategories",
    tags=["Signalements"],
    summary="Lister les catégories",
    description="Celles que vous pouvez déposer : sans jeton, l’espace public ; la tranquillité "
    "s’ajoute pour les médiateurs, les services et la coordination.",
)
def list_categories() -> Categories:
    """Answer the categories that the actor may file."""
    session, actor = request_session(), current_actor()
    territory = territory_by_code(session, territory_code())
    rows = categories_of(session, territory.id) if territory else ()
    return Categories(
        items=[
            CategoryItem.model_validate(row, from_attributes=True)
            for row in rows
            if may(actor, Action.SUBMIT, Target(row.territory_id, Nature(row.nature)))
        ]
    )
