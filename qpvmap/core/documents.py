"""Files kept with an operation: which kinds, known by their content; how they may be called."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from zipfile import BadZipFile, ZipFile

from qpvmap.core.errors import InvalidSubmission

MOST_BYTES = 20 * 1024 * 1024
MOST_DOCUMENTS = 40
FIELD = "document"
NOTHING = "Choisissez d’abord un fichier."
TOO_HEAVY = f"Fichier trop lourd : {MOST_BYTES // 1024 // 1024}\u00a0Mo au plus."
TOO_MANY = f"Une opération garde {MOST_DOCUMENTS} documents au plus : retirez-en un."
NOT_KEPT = (
    "Ce genre de fichier n’est pas gardé. Envoyez un PDF, une image (JPEG, PNG, WebP),"
    " ou un document de bureautique (.odt, .ods, .odp, .docx, .xlsx, .pptx) sans macros."
)


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of file: its ending, its media type, what it is called."""

    ending: str
    media_type: str
    words: str


OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."
KINDS: Mapping[str, DocumentKind] = {
    kind.ending: kind
    for kind in (
        DocumentKind("pdf", "application/pdf", "PDF"),
        DocumentKind("jpg", "image/jpeg", "image JPEG"),
        DocumentKind("png", "image/png", "image PNG"),
        DocumentKind("webp", "image/webp", "image WebP"),
        DocumentKind("odt", f"{ODF}text", "texte OpenDocument"),
        DocumentKind("ods", f"{ODF}spreadsheet", "classeur OpenDocument"),
        DocumentKind("odp", f"{ODF}presentation", "présentation OpenDocument"),
        DocumentKind("docx", f"{OOXML}wordprocessingml.document", "texte Word"),
        DocumentKind("xlsx", f"{OOXML}spreadsheetml.sheet", "classeur Excel"),
        DocumentKind("pptx", f"{OOXML}presentationml.presentation", "présentation PowerPoint"),
    )
}
MAIN_PARTS = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "ppt/presentation.xml": "pptx",
}
MACROS = re.compile(r"vbaProject\.bin$|^Basic/|^Scripts/", re.IGNORECASE)
MIMETYPE_MOST = 200


def kind_of(content: bytes) -> DocumentKind:
    """Return what a file is, by what it holds and never by its name.

    Raises
    ------
    InvalidSubmission
        If it is empty, too heavy, or of no kind that is kept.
    """
    if not content:
        raise InvalidSubmission({FIELD: NOTHING})
    if len(content) > MOST_BYTES:
        raise InvalidSubmission({FIELD: TOO_HEAVY})
    ending = _ending(content)
    if ending not in KINDS:
        raise InvalidSubmission({FIELD: NOT_KEPT})
    return KINDS[ending]


def _ending(content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return _office(content) if content.startswith(b"PK\x03\x04") else ""


def _office(content: bytes) -> str:
    """Return the ending of an office document, empty for another archive or one with macros."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
            if any(MACROS.search(name) for name in names):
                return ""
            if "mimetype" in names and archive.getinfo("mimetype").file_size <= MIMETYPE_MOST:
                media_type = archive.read("mimetype").decode("ascii", "replace").strip()
                return next((k.ending for k in KINDS.values() if k.media_type == media_type), "")
    except (BadZipFile, ValueError, NotImplementedError, OSError, RuntimeError):
        return ""
    return next((ending for part, ending in MAIN_PARTS.items() if part in names), "")


def safe_filename(name: str, kind: DocumentKind) -> str:
    """Return a name that any computer takes, with the ending of what the file really is."""
    stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or name
    kept = re.sub(r"[^\w\- ().’']+", "-", stem).strip(" .-")[:80] or "document"
    return f"{kept}.{kind.ending}"
