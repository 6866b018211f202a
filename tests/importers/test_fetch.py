"""Downloads from a small local server: cut, wrong, missing, down."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from qpvmap.commands.data import data_group
from qpvmap.importers.fetch import Checksum, Fetcher, FetchFailed, Limits, ServiceUnreachable
from qpvmap.importers.official import best_resource
from qpvmap.storage.models import Commune, Iris, Qpv
from qpvmap.storage.session import make_engine, transaction
from tests.importers.local_site import HASTY, Site

BODY = bytes(range(256)) * 800


def test_download_when_cut_resumes_where_it_was(
    site: Site, fetcher: Fetcher, tmp_path: Path
) -> None:
    site.files["/qpv.gpkg"] = BODY
    site.cut_after = 70_000
    path = fetcher.download(f"{site.url}/qpv.gpkg", tmp_path / "qpv.gpkg")
    assert path.read_bytes() == BODY
    assert site.asked[0][1] == ""
    assert site.asked[-1][1].startswith("bytes=")
    assert not (tmp_path / "qpv.gpkg.part").exists()


def test_download_in_a_second_run_resumes_what_the_first_began(site: Site, tmp_path: Path) -> None:
    site.files["/qpv.gpkg"] = BODY
    site.cut_after = 70_000
    once = Limits(attempts=1, timeout_s=2)
    with Fetcher(once) as fetcher:
        with pytest.raises(ServiceUnreachable):
            fetcher.download(f"{site.url}/qpv.gpkg", tmp_path / "qpv.gpkg")
        assert (tmp_path / "qpv.gpkg.part").stat().st_size > 0
        fetcher.download(f"{site.url}/qpv.gpkg", tmp_path / "qpv.gpkg")
    assert (tmp_path / "qpv.gpkg").read_bytes() == BODY


def test_download_when_the_file_changed_meanwhile_starts_again(site: Site, tmp_path: Path) -> None:
    site.files["/qpv.gpkg"] = BODY
    site.cut_after = 70_000
    with Fetcher(Limits(attempts=1, timeout_s=2)) as fetcher:
        with pytest.raises(ServiceUnreachable):
            fetcher.download(f"{site.url}/qpv.gpkg", tmp_path / "qpv.gpkg")
        site.files["/qpv.gpkg"] = BODY[::-1]
        path = fetcher.download(f"{site.url}/qpv.gpkg", tmp_path / "qpv.gpkg")
    assert path.read_bytes() == BODY[::-1]


def test_download_twice_brings_nothing_the_second_time(
    site: Site, fetcher: Fetcher, tmp_path: Path
) -> None:
    site.files["/qpv.gpkg"] = BODY
    seen: list[int] = []
    for _ in range(2):
        fetcher.download(
            f"{site.url}/qpv.gpkg", tmp_path / "qpv.gpkg", advance=lambda got, _: seen.append(got)
        )
        received = len(seen)
        seen.clear()
    assert received == 0
    noted = json.loads((tmp_path / "qpv.gpkg.json").read_text())
    assert noted["sha256"] == hashlib.sha256(BODY).hexdigest()


def test_download_with_the_right_checksum_is_kept(
    site: Site, fetcher: Fetcher, tmp_path: Path
) -> None:
    site.files["/qpv.gpkg"] = BODY
    right = Checksum("sha1", hashlib.sha1(BODY).hexdigest())  # noqa: S324  data.gouv.fr gives SHA-1
    assert fetcher.download(f"{site.url}/qpv.gpkg", tmp_path / "qpv.gpkg", right).is_file()


def test_download_with_a_wrong_checksum_is_thrown_away(
    site: Site, fetcher: Fetcher, tmp_path: Path
) -> None:
    site.files["/qpv.gpkg"] = BODY
    with pytest.raises(FetchFailed, match="empreinte"):
        fetcher.download(
            f"{site.url}/qpv.gpkg", tmp_path / "qpv.gpkg", Checksum("sha256", "0" * 64)
        )
    assert not (tmp_path / "qpv.gpkg").exists()
    assert not (tmp_path / "qpv.gpkg.part").exists()
    assert len(site.asked) == 2


def test_download_of_what_is_gone_says_so_at_once(
    site: Site, fetcher: Fetcher, tmp_path: Path
) -> None:
    with pytest.raises(FetchFailed, match="404"):
        fetcher.download(f"{site.url}/rien", tmp_path / "rien")
    assert len(site.asked) == 1


def test_download_when_the_service_stumbles_tries_again(
    site: Site, fetcher: Fetcher, tmp_path: Path
) -> None:
    site.files["/qpv.gpkg"] = BODY
    site.broken.add("/qpv.gpkg")
    assert fetcher.download(f"{site.url}/qpv.gpkg", tmp_path / "qpv.gpkg").is_file()


def test_download_larger_than_admitted_is_stopped(
    site: Site, fetcher: Fetcher, tmp_path: Path
) -> None:
    site.files["/gros"] = b"0" * 1_000_001
    with pytest.raises(FetchFailed, match="taille"):
        fetcher.download(f"{site.url}/gros", tmp_path / "gros")


def test_download_when_nothing_answers_says_to_check_the_network(
    fetcher: Fetcher, tmp_path: Path
) -> None:
    with pytest.raises(ServiceUnreachable, match="réseau"):
        fetcher.download("http://127.0.0.1:9/rien", tmp_path / "rien")


def test_best_resource_prefers_2024_in_a_format_we_read() -> None:
    resources = [
        {"title": "Liste 2024", "format": "csv", "url": "https://x/liste2024.csv"},
        {"title": "QPV 2015", "format": "geojson", "url": "https://x/qp-2015.geojson"},
        {"title": "QPV 2024", "format": "shp", "url": "https://x/qp-2024.zip"},
        {"title": "QPV 2024", "format": "geojson", "url": "https://x/qp-2024.geojson"},
    ]
    assert best_resource(resources)["url"] == "https://x/qp-2024.geojson"
    with pytest.raises(FetchFailed):
        best_resource(resources[:2])


@pytest.fixture
def environment(blagis: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a database with the pilot territory, set for the command line."""
    monkeypatch.setenv("QPVMAP_DATABASE_URL", blagis)
    monkeypatch.setenv("QPVMAP_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("QPVMAP_QPV_DATASET", "qpv")
    monkeypatch.setenv("QPVMAP_IGN_IRIS_LAYER", "iris")
    monkeypatch.setenv("QPVMAP_IGN_COMMUNES_LAYER", "communes")
    return blagis


def point_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("QPVMAP_DATA_GOUV_URL", f"{url}/api")
    monkeypatch.setenv("QPVMAP_IGN_WFS_URL", f"{url}/wfs")


def test_data_fetch_imports_what_the_services_have(
    official: Site, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, official.url)
    result = CliRunner().invoke(data_group, ["fetch", "--vintage", "2026"])
    assert result.exit_code == 0, result.output
    engine = make_engine(environment)
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).where(Commune.vintage == 2026)) == 5
        assert session.scalar(select(func.count()).where(Iris.vintage == 2026)) == 3
        assert session.scalar(select(Qpv.name).where(Qpv.code == "QN09299X")) == "Essai"
        assert session.scalar(select(Qpv.name).where(Qpv.code == "QN09219N")) == "Les Blagis"
    engine.dispose()
    pages = [path for path, _ in official.asked if path == "/wfs"]
    assert len(pages) == 3 + 2


def test_data_fetch_without_network_keeps_the_bundled_data(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qpvmap.commands.imports.Fetcher", lambda: Fetcher(HASTY))
    point_at(monkeypatch, "http://127.0.0.1:9")
    result = CliRunner().invoke(data_group, ["fetch"])
    assert result.exit_code == 0, result.output
    assert "Vérifiez le réseau" in result.output
    assert "fournies avec l’application restent en place" in result.output
    engine = make_engine(environment)
    with transaction(engine) as session:
        assert session.scalar(select(Qpv.name).where(Qpv.code == "QN09219N")) == "Les Blagis"
    engine.dispose()


def test_data_fetch_of_a_file_with_a_wrong_checksum_imports_nothing(
    official: Site, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, official.url)
    official.files["/qp-2024.geojson"] += b" "
    result = CliRunner().invoke(data_group, ["fetch", "--only", "qpv"])
    assert result.exit_code == 1
    assert "empreinte" in result.output
    engine = make_engine(environment)
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).where(Qpv.code == "QN09299X")) == 0
    engine.dispose()


def test_data_fetch_when_no_one_says_the_edition_then_asks_and_imports_nothing(
    official: Site, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, official.url)
    result = CliRunner().invoke(data_group, ["fetch", "--only", "communes", "--only", "qpv"])
    assert result.exit_code == 2, result.output
    assert "Précisez l’année : --vintage" in result.output
    engine = make_engine(environment)
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).where(Commune.name == "Ville 1")) == 0
        assert session.scalar(select(Qpv.name).where(Qpv.code == "QN09299X")) == "Essai"
    engine.dispose()
