"""First tables: places, territories, accounts, signalements.

Why: everything else refers to them. Places keep every edition side by side (code + vintage),
so that an indicator can name the generation of perimeters it was computed on. The journal
(`event`) is append-only, and the database itself refuses to change or remove a line.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

REFUSE_CHANGE = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'table % is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$
"""

APPEND_ONLY = """
create trigger event_is_append_only before update or delete or truncate on event
for each statement execute function refuse_change()
"""


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "attempt_count",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key_sha256", sa.Text(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(
            "kind", "key_sha256", "window_start", name=op.f("pk_attempt_count")
        ),
    )
    op.create_table(
        "data_version",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("family", name=op.f("pk_data_version")),
    )
    op.create_table(
        "dataset",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("producer", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("vintage", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint("key", "vintage", name=op.f("uq_dataset_key_vintage")),
    )
    op.create_table(
        "indicator",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("topic", sa.Text(), server_default="", nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_indicator")),
    )
    op.create_table(
        "role",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("permissions", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("name", name=op.f("uq_role_name")),
    )
    op.create_table(
        "territory",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tagline", sa.Text(), server_default="", nullable=False),
        sa.Column("contract_title", sa.Text(), server_default="", nullable=False),
        sa.Column("reference_prefix", sa.Text(), nullable=False),
        sa.Column("qpv_codes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("insee_codes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("emergency_numbers", sa.Text(), server_default="17, 18, 112", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory")),
        sa.UniqueConstraint("code", name=op.f("uq_territory_code")),
        sa.UniqueConstraint("reference_prefix", name=op.f("uq_territory_reference_prefix")),
    )
    op.create_table(
        "category",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), server_default="", nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("acknowledge_days", sa.BigInteger(), nullable=False),
        sa.Column("resolve_days", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "nature in ('technique', 'tranquillite')", name=op.f("ck_category_nature")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_category_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("territory_id", "code", name=op.f("uq_category_territory_id_code")),
    )
    op.create_table(
        "commune",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("insee_code", sa.Text(), nullable=False),
        sa.Column("vintage", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=True),
        sa.Column(
            "perimeter",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("dataset_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("length(insee_code) = 5", name=op.f("ck_commune_insee_code_length")),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_commune_dataset_id_dataset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commune")),
        sa.UniqueConstraint("insee_code", "vintage", name=op.f("uq_commune_insee_code_vintage")),
    )
    op.create_index(
        "ix_commune_perimeter", "commune", ["perimeter"], unique=False, postgresql_using="gist"
    )
    op.create_table(
        "epci",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("vintage", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("insee_codes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "perimeter",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("dataset_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_epci_dataset_id_dataset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_epci")),
        sa.UniqueConstraint("siren", "vintage", name=op.f("uq_epci_siren_vintage")),
    )
    op.create_index(
        "ix_epci_insee_codes", "epci", ["insee_codes"], unique=False, postgresql_using="gin"
    )
    op.create_table(
        "equipment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("vintage", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.Column("insee_code", sa.Text(), nullable=True),
        sa.Column("iris_code", sa.Text(), nullable=True),
        sa.Column(
            "extra",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("dataset_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_equipment_dataset_id_dataset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment")),
        sa.UniqueConstraint("source", "source_key", name=op.f("uq_equipment_source_source_key")),
    )
    op.create_index(op.f("ix_equipment_insee_code"), "equipment", ["insee_code"], unique=False)
    op.create_index(
        "ix_equipment_location", "equipment", ["location"], unique=False, postgresql_using="gist"
    )
    op.create_table(
        "indicator_value",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("indicator_key", sa.Text(), nullable=False),
        sa.Column("place_kind", sa.Text(), nullable=False),
        sa.Column("place_code", sa.Text(), nullable=False),
        sa.Column("vintage", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("suppressed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("dataset_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "place_kind in ('iris', 'commune', 'qpv', 'epci')",
            name=op.f("ck_indicator_value_place_kind"),
        ),
        sa.CheckConstraint(
            "not (suppressed and value is not null)",
            name=op.f("ck_indicator_value_suppressed_has_no_value"),
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_indicator_value_dataset_id_dataset")
        ),
        sa.ForeignKeyConstraint(
            ["indicator_key"],
            ["indicator.key"],
            name=op.f("fk_indicator_value_indicator_key_indicator"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_value")),
        sa.UniqueConstraint(
            "series",
            "indicator_key",
            "place_kind",
            "place_code",
            "vintage",
            name=op.f("uq_indicator_value_series_indicator_key_place_kind_place_code_vintage"),
        ),
    )
    op.create_index(
        op.f("ix_indicator_value_place_kind_place_code"),
        "indicator_value",
        ["place_kind", "place_code"],
        unique=False,
    )
    op.create_table(
        "iris",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("vintage", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("insee_code", sa.Text(), nullable=False),
        sa.Column(
            "perimeter",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("dataset_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("length(code) = 9", name=op.f("ck_iris_code_length")),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_iris_dataset_id_dataset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_iris")),
        sa.UniqueConstraint("code", "vintage", name=op.f("uq_iris_code_vintage")),
    )
    op.create_index(op.f("ix_iris_insee_code"), "iris", ["insee_code"], unique=False)
    op.create_index(
        "ix_iris_perimeter", "iris", ["perimeter"], unique=False, postgresql_using="gist"
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("insee_code", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('commune', 'epci', 'bailleur', 'police', 'association', 'prefecture')",
            name=op.f("ck_organisation_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_organisation_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("territory_id", "code", name=op.f("uq_organisation_territory_id_code")),
    )
    op.create_table(
        "qpv",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("vintage", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("insee_codes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "perimeter",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("dataset_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_qpv_dataset_id_dataset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qpv")),
        sa.UniqueConstraint("code", "vintage", name=op.f("uq_qpv_code_vintage")),
    )
    op.create_index(
        "ix_qpv_insee_codes", "qpv", ["insee_codes"], unique=False, postgresql_using="gin"
    )
    op.create_index("ix_qpv_perimeter", "qpv", ["perimeter"], unique=False, postgresql_using="gist")
    op.create_index(
        "ix_qpv_perimeter_geography",
        "qpv",
        [sa.literal_column("(perimeter::geography)")],
        unique=False,
        postgresql_using="gist",
    )
    op.create_index(op.f("ix_qpv_vintage"), "qpv", ["vintage"], unique=False)
    op.create_table(
        "reference_counter",
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_reference_counter_territory_id_territory"),
        ),
        sa.PrimaryKeyConstraint("territory_id", "year", name=op.f("pk_reference_counter")),
    )
    op.create_table(
        "road",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("vintage", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "line",
            Geometry(
                geometry_type="MULTILINESTRING",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("dataset_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_road_dataset_id_dataset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_road")),
        sa.UniqueConstraint("source_key", "vintage", name=op.f("uq_road_source_key_vintage")),
    )
    op.create_index("ix_road_line", "road", ["line"], unique=False, postgresql_using="gist")
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=True),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "create_datetime",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "update_datetime",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("fs_uniquifier", sa.Text(), nullable=False),
        sa.Column("fs_webauthn_user_handle", sa.Text(), nullable=True),
        sa.Column("tf_primary_method", sa.Text(), nullable=True),
        sa.Column("tf_totp_secret", sa.Text(), nullable=True),
        sa.Column("mf_recovery_codes", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_account_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_account_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_account_fs_uniquifier")),
        sa.UniqueConstraint(
            "fs_webauthn_user_handle", name=op.f("uq_account_fs_webauthn_user_handle")
        ),
    )
    op.create_index(
        op.f("ix_account_organisation_id"), "account", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_account_territory_id"), "account", ["territory_id"], unique=False)
    op.create_table(
        "team",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_team_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_team_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("territory_id", "code", name=op.f("uq_team_territory_id_code")),
    )
    op.create_index(op.f("ix_team_organisation_id"), "team", ["organisation_id"], unique=False)
    op.create_table(
        "account_role",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_account_role_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["role_id"], ["role.id"], name=op.f("fk_account_role_role_id_role")
        ),
        sa.PrimaryKeyConstraint("account_id", "role_id", name=op.f("pk_account_role")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_api_token_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("sha256", name=op.f("uq_api_token_sha256")),
    )
    op.create_index(op.f("ix_api_token_account_id"), "api_token", ["account_id"], unique=False)
    op.create_table(
        "operation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("insee_code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("work", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="programmed", nullable=False),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("position_quality", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("updated_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "position_quality in ('exact', 'address', 'approximate')",
            name=op.f("ck_operation_position_quality"),
        ),
        sa.CheckConstraint(
            "status in ('idea', 'programmed', 'studies', 'works', 'delivered', 'abandoned')",
            name=op.f("ck_operation_status"),
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_operation_territory_id_territory")
        ),
        sa.ForeignKeyConstraint(
            ["updated_by"], ["account.id"], name=op.f("fk_operation_updated_by_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation")),
        sa.UniqueConstraint("territory_id", "code", name=op.f("uq_operation_territory_id_code")),
    )
    op.create_index(
        "ix_operation_location", "operation", ["location"], unique=False, postgresql_using="gist"
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("transports", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("backup_state", sa.Boolean(), nullable=False),
        sa.Column("device_type", sa.Text(), nullable=False),
        sa.Column("extensions", sa.Text(), nullable=True),
        sa.Column(
            "create_datetime",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("lastuse_datetime", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["account.id"], name=op.f("fk_passkey_user_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index(op.f("ix_passkey_user_id"), "passkey", ["user_id"], unique=False)
    op.create_table(
        "routing_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("insee_code", sa.Text(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_routing_rule_category_id_category")
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name=op.f("fk_routing_rule_team_id_team")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_routing_rule_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_rule")),
    )
    op.create_index(
        "uq_routing_rule_territory_id_category_id_insee_code",
        "routing_rule",
        ["territory_id", sa.text("coalesce(category_id, 0)"), sa.text("coalesce(insee_code, '')")],
        unique=True,
    )
    op.create_index(
        op.f("ix_routing_rule_category_id"), "routing_rule", ["category_id"], unique=False
    )
    op.create_index(op.f("ix_routing_rule_team_id"), "routing_rule", ["team_id"], unique=False)
    op.create_table(
        "signalement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("territory_id", sa.BigInteger(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("routing_ground", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "location_3857",
            Geometry(
                geometry_type="POINT",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            sa.Computed("st_transform(location, 3857)", persisted=True),
            nullable=False,
        ),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("position_method", sa.Text(), nullable=False),
        sa.Column("insee_code", sa.Text(), nullable=False),
        sa.Column("iris_code", sa.Text(), nullable=True),
        sa.Column("qpv_code", sa.Text(), nullable=True),
        sa.Column("qpv_vintage", sa.BigInteger(), nullable=True),
        sa.Column("inside_qpv", sa.Boolean(), nullable=False),
        sa.Column("qpv_distance_m", sa.Double(), nullable=True),
        sa.Column("share_inside", sa.Double(), nullable=False),
        sa.Column("reporter_id", sa.BigInteger(), nullable=True),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledge_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "nature in ('technique', 'tranquillite')", name=op.f("ck_signalement_nature")
        ),
        sa.CheckConstraint(
            "status in ('new', 'acknowledged', 'in_progress', 'resolved', 'closed', 'rejected')",
            name=op.f("ck_signalement_status"),
        ),
        sa.CheckConstraint(
            "share_inside between 0 and 1", name=op.f("ck_signalement_share_inside")
        ),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_signalement_category_id_category")
        ),
        sa.ForeignKeyConstraint(
            ["reporter_id"], ["account.id"], name=op.f("fk_signalement_reporter_id_account")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_signalement_team_id_team")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_signalement_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signalement")),
        sa.UniqueConstraint("client_id", name=op.f("uq_signalement_client_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_signalement_reference")),
    )
    op.create_index(
        op.f("ix_signalement_category_id"), "signalement", ["category_id"], unique=False
    )
    op.create_index(
        "ix_signalement_location",
        "signalement",
        ["location"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_index(
        "ix_signalement_location_3857",
        "signalement",
        ["location_3857"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_index(
        op.f("ix_signalement_qpv_code_status"), "signalement", ["qpv_code", "status"], unique=False
    )
    op.create_index(
        op.f("ix_signalement_reporter_id"),
        "signalement",
        ["reporter_id"],
        unique=False,
        postgresql_where=sa.text("reporter_id is not null"),
    )
    op.create_index(
        op.f("ix_signalement_team_id_status_due_at"),
        "signalement",
        ["team_id", "status", "due_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_signalement_territory_id_created_at"),
        "signalement",
        ["territory_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_signalement_territory_id_status_due_at"),
        "signalement",
        ["territory_id", "status", "due_at"],
        unique=False,
    )
    op.create_table(
        "team_member",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_team_member_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_team_member_team_id_team")),
        sa.PrimaryKeyConstraint("account_id", "team_id", name=op.f("pk_team_member")),
    )
    op.create_index("ix_team_member_team_id", "team_member", ["team_id"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("signalement_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "details",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["account.id"], name=op.f("fk_event_actor_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_event_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["signalement_id"], ["signalement.id"], name=op.f("fk_event_signalement_id_signalement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint(
            "signalement_id", "version", name=op.f("uq_event_signalement_id_version")
        ),
    )
    op.execute(REFUSE_CHANGE)
    op.execute(APPEND_ONLY)


def downgrade() -> None:
    """Drop them."""
    op.execute("drop trigger event_is_append_only on event")
    op.execute("drop function refuse_change()")
    op.drop_table("event")
    op.drop_index("ix_team_member_team_id", table_name="team_member")
    op.drop_table("team_member")
    op.drop_index(op.f("ix_signalement_territory_id_status_due_at"), table_name="signalement")
    op.drop_index(op.f("ix_signalement_territory_id_created_at"), table_name="signalement")
    op.drop_index(op.f("ix_signalement_team_id_status_due_at"), table_name="signalement")
    op.drop_index(
        op.f("ix_signalement_reporter_id"),
        table_name="signalement",
        postgresql_where=sa.text("reporter_id is not null"),
    )
    op.drop_index(op.f("ix_signalement_qpv_code_status"), table_name="signalement")
    op.drop_index("ix_signalement_location_3857", table_name="signalement", postgresql_using="gist")
    op.drop_index("ix_signalement_location", table_name="signalement", postgresql_using="gist")
    op.drop_index(op.f("ix_signalement_category_id"), table_name="signalement")
    op.drop_table("signalement")
    op.drop_index(op.f("ix_routing_rule_team_id"), table_name="routing_rule")
    op.drop_index(op.f("ix_routing_rule_category_id"), table_name="routing_rule")
    op.drop_table("routing_rule")
    op.drop_index(op.f("ix_passkey_user_id"), table_name="passkey")
    op.drop_table("passkey")
    op.drop_index("ix_operation_location", table_name="operation", postgresql_using="gist")
    op.drop_table("operation")
    op.drop_index(op.f("ix_api_token_account_id"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_table("account_role")
    op.drop_index(op.f("ix_team_organisation_id"), table_name="team")
    op.drop_table("team")
    op.drop_index(op.f("ix_account_territory_id"), table_name="account")
    op.drop_index(op.f("ix_account_organisation_id"), table_name="account")
    op.drop_table("account")
    op.drop_index("ix_road_line", table_name="road", postgresql_using="gist")
    op.drop_table("road")
    op.drop_table("reference_counter")
    op.drop_index(op.f("ix_qpv_vintage"), table_name="qpv")
    op.drop_index("ix_qpv_perimeter_geography", table_name="qpv", postgresql_using="gist")
    op.drop_index("ix_qpv_perimeter", table_name="qpv", postgresql_using="gist")
    op.drop_index("ix_qpv_insee_codes", table_name="qpv", postgresql_using="gin")
    op.drop_table("qpv")
    op.drop_table("organisation")
    op.drop_index("ix_iris_perimeter", table_name="iris", postgresql_using="gist")
    op.drop_index(op.f("ix_iris_insee_code"), table_name="iris")
    op.drop_table("iris")
    op.drop_index(op.f("ix_indicator_value_place_kind_place_code"), table_name="indicator_value")
    op.drop_table("indicator_value")
    op.drop_index("ix_equipment_location", table_name="equipment", postgresql_using="gist")
    op.drop_index(op.f("ix_equipment_insee_code"), table_name="equipment")
    op.drop_table("equipment")
    op.drop_index("ix_epci_insee_codes", table_name="epci", postgresql_using="gin")
    op.drop_table("epci")
    op.drop_index("ix_commune_perimeter", table_name="commune", postgresql_using="gist")
    op.drop_table("commune")
    op.drop_table("category")
    op.drop_table("territory")
    op.drop_table("role")
    op.drop_table("indicator")
    op.drop_table("dataset")
    op.drop_table("data_version")
    op.drop_table("attempt_count")
