"""What goes over the wire: addresses that servers understand, bodies that end where they end."""

from email.message import EmailMessage

import pytest

from qpvmap.jobs.smtp import Refused, in_ascii, on_the_wire


def test_address_when_its_domain_has_accents_then_is_written_in_ascii() -> None:
    assert in_ascii("lea@bücher.example") == "lea@xn--bcher-kva.example"


def test_address_when_its_name_has_accents_then_is_refused_for_good() -> None:
    with pytest.raises(Refused, match="accentuées"):
        in_ascii("léa@exemple.fr")


def test_body_when_a_line_is_a_dot_then_does_not_end_there() -> None:
    message = EmailMessage()
    message.set_content("avant\n.\naprès le point", cte="8bit")
    body = on_the_wire(message)
    assert b"\r\n..\r\n" in body
    assert b"\r\n.\r\n" not in body
    assert body.endswith(b"\r\n")
    assert b"\n" not in body.replace(b"\r\n", b"")
