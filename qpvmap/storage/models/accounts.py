"""People, what they are on a territory, the teams they work in, the keys they hold."""

from datetime import datetime
from typing import Any

from flask_security import RoleMixin, UserMixin, WebAuthnMixin
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qpvmap.storage.models.base import Base, Id
from qpvmap.storage.models.territories import Organisation, Team

account_role = Table(
    "account_role",
    Base.metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id"), primary_key=True),
)

team_member = Table(
    "team_member",
    Base.metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("team_id", ForeignKey("team.id"), primary_key=True),
    Index("ix_team_member_team_id", "team_id"),
)


class RoleRow(Base, RoleMixin):
    """A role by its name in `core.actors.Role`."""

    __tablename__ = "role"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(server_default="")
    permissions: Mapped[list[str] | None] = mapped_column(ARRAY(Text))


class Account(Base, UserMixin):
    """A person who can sign in. Names beginning with `tf_`, `us_`, `fs_` are Flask-Security's.

    Those beginning with `told_` say what they wish to be told of, by mail and on their devices.

    Its mixin declares three of them with types that mutable lists and empty values contradict:
    those alone are not checked against it.
    """

    __tablename__ = "account"
    __table_args__ = (Index(None, "territory_id"), Index(None, "organisation_id"))

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(server_default="")
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territory.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"))
    single_keys: Mapped[bool] = mapped_column(server_default=text("true"))
    told_by_mail: Mapped[bool] = mapped_column(server_default=text("true"))
    told_of_followed: Mapped[bool] = mapped_column(server_default=text("true"))
    told_of_teams: Mapped[bool] = mapped_column(server_default=text("false"))
    create_datetime: Mapped[datetime] = mapped_column(server_default=text("now()"))
    update_datetime: Mapped[datetime] = mapped_column(server_default=text("now()"))
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(  # type: ignore[assignment]
        unique=True
    )
    tf_primary_method: Mapped[str | None]
    tf_totp_secret: Mapped[str | None]
    # mutable: the library takes a used code out of the list it was given
    mf_recovery_codes: Mapped[MutableList[str] | None] = mapped_column(
        MutableList.as_mutable(ARRAY(Text))
    )

    roles: Mapped[list[RoleRow]] = relationship(  # type: ignore[assignment]
        secondary=account_role, lazy="selectin"
    )
    teams: Mapped[list[Team]] = relationship(secondary=team_member, lazy="selectin")
    organisation: Mapped[Organisation | None] = relationship(lazy="joined")
    webauthn: Mapped[list["Passkey"]] = relationship(  # type: ignore[assignment]
        back_populates="account", cascade="all, delete-orphan"
    )


class Passkey(Base, WebAuthnMixin):
    """A passkey of an account, as Flask-Security keeps it."""

    __tablename__ = "passkey"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(server_default="0")
    transports: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    backup_state: Mapped[bool]
    device_type: Mapped[str]
    extensions: Mapped[str | None]
    create_datetime: Mapped[datetime] = mapped_column(server_default=text("now()"))
    lastuse_datetime: Mapped[datetime]
    name: Mapped[str]
    usage: Mapped[str]

    account: Mapped[Account] = relationship(back_populates="webauthn")

    def get_user_mapping(self) -> dict[str, Any]:
        """Return the filter that finds the owner (asked for by Flask-Security)."""
        return {"id": self.user_id}


class ApiToken(Base):
    """A bearer token of an account: only its SHA-256 is kept."""

    __tablename__ = "api_token"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[Id]
    sha256: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AttemptCount(Base):
    """How often something guarded was tried for a key (a sign-in, a reset) in a time window."""

    __tablename__ = "attempt_count"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key_sha256: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    attempts: Mapped[int] = mapped_column(server_default="0")


class Upkeep(Base):
    """What somebody did to an account or a team from the pages: who, when, what it changed.

    `changes` holds `{"set": {...}, "was": {...}}` in words. The database refuses to
    change or remove a line.
    """

    __tablename__ = "upkeep"
    __table_args__ = (
        CheckConstraint("num_nonnulls(account_id, team_id) = 1", name="one_subject"),
        Index(None, "account_id", postgresql_where=text("account_id is not null")),
        Index(None, "team_id", postgresql_where=text("team_id is not null")),
        Index(None, "territory_id", "id"),
        Index(None, "actor_id"),
    )

    id: Mapped[Id]
    territory_id: Mapped[int] = mapped_column(ForeignKey("territory.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    at: Mapped[datetime]
    actor_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str]
    changes: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


__all__ = [
    "Account",
    "ApiToken",
    "AttemptCount",
    "Passkey",
    "RoleRow",
    "Upkeep",
    "account_role",
    "team_member",
]
