"""Signing in by password, by code and by passkey, as a person does."""

from typing import Any

from flask_security.recoverable import generate_reset_password_token
from passlib.totp import TOTP
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    DESKTOP,
    PASSWORD,
    PHONE,
    OpenPage,
    Watch,
    assert_accessible,
    assert_no_sideways_scroll,
    login,
    shoot,
)

PAGES = [
    "/compte",
    "/compte/mot-de-passe",
    "/compte/double-verification",
    "/compte/codes-de-secours",
    "/compte/cles",
    "/mot-de-passe/oubli",
]


def by_name(page: Page) -> Page:
    """Send the page to `localhost`: a passkey belongs to a name, not to an address."""
    page.goto(page.evaluate("location.origin").replace("127.0.0.1", "localhost") + "/connexion")
    return page


def add_reader(page: Page) -> None:
    """Give the page a phone's own fingerprint reader, whose finger is always right."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_login_when_shown_then_reads_well_on_phone_and_desk(open_page: OpenPage) -> None:
    for name, viewport in (("phone", PHONE), ("desktop", DESKTOP)):
        page = open_page(viewport)
        page.goto("/connexion")
        assert_accessible(page)
        assert_no_sideways_scroll(page)
        shoot(page, f"login-{name}")
        page.fill("#email", "mediateur@demo.example")
        page.fill("#password", "faux")
        page.get_by_role("button", name="Se connecter").click()
        expect(page.get_by_role("alert")).to_be_focused()
        assert_accessible(page)


def test_account_pages_when_shown_then_are_accessible(open_page: OpenPage) -> None:
    for name, viewport in (("phone", PHONE), ("desktop", DESKTOP)):
        page = open_page(viewport)
        login(page, "mediateur")
        for path in PAGES:
            page.goto(path)
            assert_accessible(page)
            assert_no_sideways_scroll(page)
        page.goto("/compte")
        shoot(page, f"account-{name}", full_page=True)


def test_second_factor_when_set_up_and_asked_then_each_page_is_accessible(
    open_page: OpenPage,
) -> None:
    page = open_page(PHONE)
    login(page, "mediateur")
    page.goto("/compte/double-verification")
    page.get_by_role("button", name="Mettre en place").click()
    key = page.locator("main code").inner_text().replace("-", "")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_label("Code", exact=True).fill(TOTP(key=key).generate().token)
    page.get_by_role("button", name="Activer").click()
    page.wait_for_url("**/compte")
    elsewhere = open_page(PHONE)
    elsewhere.goto("/connexion")
    elsewhere.fill("#email", "mediateur@demo.example")
    elsewhere.fill("#password", PASSWORD)
    elsewhere.press("#password", "Enter")
    expect(elsewhere.get_by_role("heading", name="Code de vérification")).to_be_visible()
    assert_accessible(elsewhere)
    elsewhere.get_by_role("link", name="Utiliser un code de secours").click()
    assert_accessible(elsewhere)
    assert_no_sideways_scroll(elsewhere)


def test_reset_when_the_link_is_followed_then_the_page_is_accessible(
    app: Any, open_page: OpenPage
) -> None:
    with app.test_request_context():
        account = app.extensions["security"].datastore.find_user(email="mediateur@demo.example")
        token = generate_reset_password_token(account)
    page = open_page(PHONE)
    page.goto(f"/mot-de-passe/oubli/{token}")
    expect(page.locator("input[type=password]").first).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def test_passkey_when_added_then_opens_without_a_password(
    open_page: OpenPage, watch: Watch
) -> None:
    watch.allow("outside the site: http://localhost")
    page = open_page(PHONE)
    page.goto("/connexion")
    by_name(page)
    add_reader(page)
    page.fill("#email", "mediateur@demo.example")
    page.fill("#password", "un mot de passe de démonstration")
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url("**/")
    origin = page.evaluate("location.origin")
    page.goto(f"{origin}/compte/cles")
    page.get_by_label("Nom de cette clé").fill("téléphone de service")
    page.get_by_role("button", name="Ajouter une clé").click()
    expect(page.get_by_role("heading", name="Vos clés")).to_be_visible()
    page.goto(f"{origin}/compte")
    expect(page.get_by_text("téléphone de service")).to_be_visible()
    page.get_by_role("button", name="Se déconnecter").first.click()
    page.wait_for_url(f"{origin}/")
    page.goto(f"{origin}/connexion?next=/compte")
    page.get_by_role("button", name="Clé d’accès").click()
    page.wait_for_url("**/compte")
    expect(page.get_by_role("heading", name="Mon compte")).to_be_visible()
    page.goto(f"{origin}/compte/cles")
    page.get_by_role("button", name="Retirer la clé téléphone de service").click()
    expect(page.get_by_role("heading", name="Vos clés")).to_have_count(0)


def test_passkey_when_the_device_refuses_then_says_what_to_do(
    open_page: OpenPage, watch: Watch
) -> None:
    watch.allow("outside the site: http://localhost")
    page = open_page(PHONE)
    page.goto("/connexion")
    by_name(page)
    page.add_init_script("navigator.credentials.get = () => Promise.reject(new Error('non'))")
    page.get_by_role("button", name="Clé d’accès").click()
    expect(page.get_by_role("alert")).to_contain_text("passez par le mot de passe")
    expect(page.get_by_role("link", name="Utiliser le mot de passe")).to_be_visible()
    assert_accessible(page)
