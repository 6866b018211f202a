"""Rows of the browsers that accounts are told on."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from qpvmap.core.push import Device
from qpvmap.storage.models import PushDevice


def keep_device(session: Session, account_id: int, device: Device, now: datetime) -> int:
    """Keep a browser for an account, and return its key; it is nobody else's any more."""
    values = {
        "account_id": account_id,
        "p256dh": device.p256dh,
        "auth": device.auth,
        "label": device.label,
        "created_at": now,
    }
    return session.scalars(
        insert(PushDevice)
        .values(endpoint=device.endpoint, **values)
        .on_conflict_do_update(index_elements=["endpoint"], set_=values)
        .returning(PushDevice.id)
    ).one()


def devices_of(session: Session, account_id: int) -> list[PushDevice]:
    """Return the browsers that an account is told on, the last first."""
    rows = session.scalars(
        select(PushDevice)
        .where(PushDevice.account_id == account_id)
        .order_by(PushDevice.created_at.desc(), PushDevice.id.desc())
    )
    return list(rows)


def remove_device(session: Session, account_id: int, device_id: int) -> bool:
    """Remove a browser of an account; return whether it was there."""
    gone = session.scalar(
        delete(PushDevice)
        .where(PushDevice.id == device_id, PushDevice.account_id == account_id)
        .returning(PushDevice.id)
    )
    return gone is not None


def forget_endpoint(session: Session, account_id: int, endpoint: str) -> None:
    """Remove a browser of an account by its address."""
    session.execute(
        delete(PushDevice).where(
            PushDevice.endpoint == endpoint, PushDevice.account_id == account_id
        )
    )


def count_devices(session: Session, account_id: int) -> int:
    """Return how many browsers an account is told on."""
    return session.scalars(
        select(func.count()).select_from(PushDevice).where(PushDevice.account_id == account_id)
    ).one()


def remove_gone(session: Session, device_id: int) -> None:
    """Remove a browser that is told no more."""
    session.execute(delete(PushDevice).where(PushDevice.id == device_id))
