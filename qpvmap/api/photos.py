"""Photos for programs: add one to a signalement, read one."""

from flask import Response

from qpvmap.api.blueprint import v1
from qpvmap.api.present import photo_item
from qpvmap.api.schemas import PhotoForm, PhotoItem
from qpvmap.usecases.photos import PhotoSending
from qpvmap.web.photos import MAX_PHOTO_BODY, receive_photo, served_photo
from qpvmap.web.security import public, signed_in, takes_up_to

TAGS = ["Photos"]


@v1.post("/signalements/<reference>/photos")
@signed_in
@takes_up_to(MAX_PHOTO_BODY)
@v1.input(PhotoForm, location="form_and_files", arg_name="form")
@v1.output(PhotoItem, status_code=201, description="Ajoutée.")
@v1.doc(
    operation_id="addPhoto",
    tags=TAGS,
    summary="Ajouter une photo",
    description="JPEG, PNG, WebP ou HEIC, 20 Mo et 40 millions de pixels au plus, 6 par moment. "
    "Elle est gardée en WebP, sans EXIF ni position. Tirez `client_id` au hasard une fois par "
    "photo et gardez-le pour les renvois : le même n’ajoute jamais deux fois. « avant » est à qui "
    "a signalé ou traite, « pendant » et « après » à qui traite.",
    responses={
        200: "Déjà ajoutée sous ce `client_id` : la première, inchangée.",
        403: "Vous pouvez voir ce signalement, pas y ajouter cette photo.",
    },
)
def add_photo(reference: str, form: PhotoForm) -> tuple[PhotoItem, int, dict[str, str]]:
    """Add a photo, once for each `client_id`."""
    receipt = receive_photo(reference, PhotoSending(form.client_id, form.moment), form.photo)
    item = photo_item(receipt.photo)
    return item, 201 if receipt.created else 200, {"Location": item.url}


@v1.get("/photos/<int(max=9223372036854775807):photo_id>/<size>.webp")
@public
@v1.doc(
    operation_id="readPhoto",
    tags=TAGS,
    summary="Lire une photo",
    description="Celle d’un signalement que vous pouvez voir.",
)
def read_photo(photo_id: int, size: str) -> Response:
    """Answer a photo."""
    return served_photo(photo_id, size)
