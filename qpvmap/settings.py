"""Settings: the only reader of the environment. Everything else takes a `Settings` argument."""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent
"""Folder above the package: the checkout in development, site-packages in a wheel."""


class Basemap(BaseSettings):
    """A raster background: its French title, tile address and the credit its producer asks for."""

    model_config = SettingsConfigDict(frozen=True)

    key: str
    title: str
    url: str
    attribution: str
    max_zoom: int = 19


IGN_WMTS = (
    "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&STYLE=normal"
    "&TILEMATRIXSET=PM&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&LAYER={layer}&FORMAT={format}"
)

DEFAULT_BASEMAPS = (
    Basemap(
        key="plan-ign",
        title="Plan IGN",
        url=IGN_WMTS.format(layer="GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2", format="image/png"),
        attribution="© IGN",
    ),
    Basemap(
        key="photos-ign",
        title="Photographies aériennes (IGN)",
        url=IGN_WMTS.format(layer="ORTHOIMAGERY.ORTHOPHOTOS", format="image/jpeg"),
        attribution="© IGN",
    ),
    Basemap(
        key="osm-fr",
        title="OpenStreetMap France",
        url="https://{s}.tile.openstreetmap.fr/osmfr/{z}/{x}/{y}.png",
        attribution="© les contributeurs d’OpenStreetMap, rendu OSM France",
        max_zoom=20,
    ),
)


class Settings(BaseSettings):
    """What an installation may set, by environment variables that start with `QPVMAP_`."""

    model_config = SettingsConfigDict(env_prefix="QPVMAP_", frozen=True, extra="ignore")

    database_url: str | None = Field(
        None, description="PostgreSQL address; without it the embedded cluster is used."
    )
    var_dir: Path = Field(
        CHECKOUT / "var",
        description="Folder of the embedded cluster, secrets, outbox, photos and logs.",
    )
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the server listens on.")
    workers: int = Field(2, ge=1, le=64, description="Web worker processes.")
    threads: int = Field(32, ge=1, le=256, description="Threads of each web worker.")
    pool_size: int = Field(8, ge=1, le=64, description="Database connections of each web worker.")
    public_url: str | None = Field(
        None, description="Address people use, for links in e-mails: https://carte.example.fr."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="Reverse proxies in front whose X-Forwarded-* are believed."
    )
    secret_key: SecretStr | None = Field(
        None, description="Signs sessions and links; made and kept in the var folder when not set."
    )
    https_only: bool = Field(
        False, description="Cookies only over HTTPS; set it as soon as the site has a certificate."
    )
    territory: str = Field("blagis", description="Territory served by default, by its code.")
    demo_password: SecretStr | None = Field(
        None, description="Password of the demo people; random and printed once when not set."
    )
    smtp_url: SecretStr | None = Field(
        None, description="smtp://user:password@host:587; without it e-mails go to var/outbox."
    )
    mail_from: str = Field(
        "qpvmap <ne-pas-repondre@qpvmap.example>", description="Sender of the e-mails."
    )
    files_url: str | None = Field(
        None, description="s3://bucket/folder for photos; without it they go to var/files."
    )
    files_endpoint: str | None = Field(
        None, description="Address of an S3-compatible service that is not Amazon’s."
    )
    files_region: str = Field("eu-west-3", description="Region of the bucket.")
    files_access_key: SecretStr | None = Field(None, description="Access key of the bucket.")
    files_secret_key: SecretStr | None = Field(None, description="Secret key of the bucket.")
    geocoder_url: str = Field(
        "https://data.geopf.fr/geocodage/search",
        description="Address search of the Géoplateforme (or a compatible BAN API); empty: none.",
    )
    geocoder_timeout_s: float = Field(
        2.0, gt=0, le=30, description="Patience with the address search, seconds."
    )
    basemaps: tuple[Basemap, ...] = Field(
        DEFAULT_BASEMAPS, description="Raster backgrounds offered on the map, as JSON."
    )
    default_basemap: str = Field(
        "plan-ign",
        description="Background shown first, by its key; any other word: our own vector ground.",
    )
    locate_max_distance_m: float = Field(
        5000, ge=0, le=20000, description="Beyond it no nearest quarter is named, metres."
    )
    data_gouv_url: str = Field(
        "https://www.data.gouv.fr/api/1",
        description="Catalogue that `qpvmap data fetch` takes the quarters' perimeters from.",
    )
    qpv_dataset: str = Field(
        "quartiers-prioritaires-de-la-politique-de-la-ville-qpv",
        description="Dataset of the quarters' perimeters in that catalogue.",
    )
    ign_wfs_url: str = Field(
        "https://data.geopf.fr/wfs/ows",
        description="WFS that `qpvmap data fetch` takes IRIS and communes from.",
    )
    ign_iris_layer: str = Field(
        "STATISTICALUNITS.IRIS:contours_iris", description="Layer of the IRIS in that WFS."
    )
    ign_communes_layer: str = Field(
        "ADMINEXPRESS-COG.LATEST:commune", description="Layer of the communes in that WFS."
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=8,
        description="What Prometheus sends to read `/metrics`; closed when not set.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="How much is logged."
    )

    @property
    def outbox_dir(self) -> Path:
        """Return where notices are kept that nobody sends; the accounts' own mails lie above it."""
        return self.var_dir / "outbox" / "notices"

    @property
    def metrics_dir(self) -> Path:
        """Return where each web worker counts its requests."""
        return self.var_dir / "metrics"

    @cached_property
    def base_url(self) -> str:
        """Return the address people use, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
