"""Every route says who may use it: what is not declared is a fault, not a public page."""

from typing import Any

from qpvmap.core.permissions import Action
from qpvmap.web.security import PUBLIC, SIGNED_IN

LIBRARY_VIEWS = {
    "static",
    "openapi.spec",
    "security.static",
    "security.change_password",
    "security.forgot_password",
    "security.login",
    "security.logout",
    "security.mf_recovery",
    "security.mf_recovery_codes",
    "security.reset_password",
    "security.tf_select",
    "security.two_factor_rescue",
    "security.two_factor_setup",
    "security.two_factor_setup_validate",
    "security.two_factor_token_validation",
    "security.verify",
    "security.wan_delete",
    "security.wan_register",
    "security.wan_register_response",
    "security.wan_signin",
    "security.wan_signin_response",
    "security.wan_verify",
    "security.wan_verify_response",
}
"""Views of libraries, which hold their own access; a new one must be looked at, then named here."""


def test_every_route_when_walked_then_declares_its_access(app: Any) -> None:
    declared = {PUBLIC, SIGNED_IN, *Action}
    silent = [
        f"{rule.endpoint} ({rule.rule})"
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in LIBRARY_VIEWS
        and getattr(app.view_functions[rule.endpoint], "access", None) not in declared
    ]
    assert silent == []


def test_library_views_when_one_is_gone_then_the_list_is_shortened(app: Any) -> None:
    present = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert present >= LIBRARY_VIEWS
