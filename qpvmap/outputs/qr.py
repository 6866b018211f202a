"""QR codes, drawn as SVG."""

from base64 import b64encode
from io import BytesIO


def qr_svg(text: str) -> str:
    """Return the QR code of an address as an SVG file; it still reads when 15 % is dirty."""
    import segno

    drawn = BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(drawn, kind="svg", omitsize=True, border=2, xmldecl=False, nl=False)
    return drawn.getvalue().decode()


def data_url(content: bytes | str, media_type: str) -> str:
    """Return the address that holds a file by itself."""
    raw = content.encode() if isinstance(content, str) else content
    return f"data:{media_type};base64,{b64encode(raw).decode()}"
