"""Where OpenStreetMap's tags let somebody walk: ways, and the gates across them."""

from collections.abc import Mapping

Tags = Mapping[str, str]

WALKED = frozenset(
    {
        "corridor",
        "footway",
        "living_street",
        "path",
        "pedestrian",
        "platform",
        "primary",
        "primary_link",
        "residential",
        "road",
        "secondary",
        "secondary_link",
        "service",
        "steps",
        "tertiary",
        "tertiary_link",
        "track",
        "unclassified",
    }
)
"""Kinds of way where one walks unless it is said that one may not."""

ON_PERMISSION = frozenset({"bridleway", "busway", "cycleway", "trunk", "trunk_link"})
"""Kinds of way where one walks only if it is said that one may, or that there is a pavement."""

ALLOWED = frozenset({"customers", "designated", "destination", "official", "permissive", "yes"})
FORBIDDEN = frozenset(
    {"agricultural", "delivery", "forestry", "military", "no", "permit", "private", "use_sidepath"}
)
PAVEMENTS = frozenset({"both", "left", "right", "yes"})
WALLS = frozenset(
    {"cable_barrier", "city_wall", "ditch", "fence", "hedge", "retaining_wall", "wall"}
)
STEPS_FACTOR = 2.0
"""A metre of steps takes as long as two of street."""


def may_walk(tags: Tags) -> bool:
    """Return whether one may walk along a way: what is said of feet goes before the rest."""
    kind = tags.get("highway", "")
    if not kind and "platform" in (tags.get("railway"), tags.get("public_transport")):
        kind = "platform"
    if kind not in WALKED and kind not in ON_PERMISSION:
        return False
    foot = tags.get("foot", "")
    if foot in FORBIDDEN or foot in ALLOWED:
        return foot in ALLOWED
    if tags.get("access") in FORBIDDEN or tags.get("motorroad") == "yes":
        return False
    return kind in WALKED or tags.get("sidewalk") in PAVEMENTS


def lets_through(tags: Tags) -> bool:
    """Return whether one passes a point of a way: a locked or private gate, a wall stop one."""
    foot = tags.get("foot", "")
    if foot in FORBIDDEN or foot in ALLOWED:
        return foot in ALLOWED
    shut = tags.get("locked") == "yes" or tags.get("barrier") in WALLS
    return not shut and tags.get("access") not in FORBIDDEN


def slowness(tags: Tags) -> float:
    """Return how many metres of street a metre of this way is worth."""
    return STEPS_FACTOR if tags.get("highway") == "steps" else 1.0
