"""The collector of garbage in a web worker: what stays is gone through once, then left aside."""

import gc
from collections.abc import Iterator

import pytest

from qpvmap.app import LeavesAside


@pytest.fixture
def collector() -> Iterator[None]:
    """Leave the collector as it was, whatever a test had it do."""
    known = list(gc.callbacks)
    yield
    gc.callbacks[:] = known
    gc.unfreeze()


def aside_after(told: LeavesAside, generation: int) -> int:
    """Return how much is left aside once a generation was collected."""
    gc.callbacks.append(told)
    gc.collect(generation)
    gc.callbacks.remove(told)
    return gc.get_freeze_count()


@pytest.mark.usefixtures("collector")
def test_collection_when_slow_then_what_stays_is_left_aside() -> None:
    kept = [[n] for n in range(1000)]
    aside = aside_after(LeavesAside(slow_s=0), 2)
    assert aside > len(kept)
    assert not any(one is kept for one in gc.get_objects()), "it is gone through again"


@pytest.mark.usefixtures("collector")
def test_collection_when_quick_or_of_young_objects_then_all_stay_with_the_others() -> None:
    assert aside_after(LeavesAside(slow_s=60), 2) == 0
    assert aside_after(LeavesAside(slow_s=0), 1) == 0


@pytest.mark.usefixtures("collector")
def test_collections_when_slow_then_leave_aside_so_many_times_only() -> None:
    told = LeavesAside(slow_s=0, most_times=1)
    assert aside_after(told, 2) > 0
    gc.unfreeze()
    assert aside_after(told, 2) == 0
