from flask.testing import FlaskClient


def test_robots_when_asked_then_keep_single_signalements_out_of_indexes(
    client: FlaskClient,
) -> None:
    rules = client.get("/robots.txt").get_data(as_text=True).splitlines()
    assert {"User-agent: *", "Disallow: /signalements/", "Disallow: /carte/"} <= set(rules)


def test_favicon_when_asked_by_its_old_name_then_the_drawn_one(client: FlaskClient) -> None:
    answer = client.get("/favicon.ico")
    assert answer.status_code == 301
    assert answer.headers["Location"].endswith("/static/favicon.svg")
