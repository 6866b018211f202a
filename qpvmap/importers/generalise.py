"""Lighten outlines that share borders, so that neighbours still meet exactly."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from qpvmap.core.geo import WGS84

METRIC_CRS = 2154
"""Lambert-93, in which tolerances are metres; for metropolitan France alone."""

TOLERANCE_M = 8.0
MAX_DISPLACEMENT_M = 10.0
DECIMALS = 5
SLIVER_M2 = 1.0

Array = NDArray[Any]
Geometries = Sequence[Geometry] | Array


class NotACoverage(ValueError):
    """The outlines overlap, or their shared borders do not have the same points."""


def to_metres(geometries: Geometries) -> Array:
    """Return EPSG:4326 geometries in Lambert-93, metres."""
    return np.asarray(gpd.GeoSeries(list(geometries), crs=WGS84).to_crs(METRIC_CRS).values)


def to_degrees(geometries: Geometries) -> Array:
    """Return Lambert-93 geometries in EPSG:4326."""
    return np.asarray(gpd.GeoSeries(list(geometries), crs=METRIC_CRS).to_crs(WGS84).values)


def round_coordinates(geometries: Geometries, decimals: int = DECIMALS) -> Array:
    """Return the geometries with coordinates rounded to `decimals`, repeated points removed.

    Rounding is the same for a point wherever it appears, so shared borders stay shared.
    """
    rounded = shapely.transform(np.asarray(geometries), lambda xy: np.round(xy, decimals))
    return np.asarray(shapely.remove_repeated_points(rounded))


def generalise_coverage(outlines: Geometries, tolerance_m: float = TOLERANCE_M) -> Array:
    """Return outlines that share their borders with fewer points, borders still shared.

    Parameters
    ----------
    outlines : sequence of Polygon or MultiPolygon
        EPSG:4326, degrees, all of the neighbours together.
    tolerance_m : float
        Square root of the area that removing a point may sweep, metres.

    Returns
    -------
    numpy.ndarray
        MultiPolygons in the same order, EPSG:4326, rounded to 5 decimals.

    Raises
    ------
    NotACoverage
        If the outlines overlap or do not share the points of their borders.
    """
    metres = to_metres(outlines)
    if not shapely.coverage_is_valid(metres):
        raise NotACoverage("outlines overlap or do not share the points of their borders")
    simplified = shapely.coverage_simplify(metres, tolerance_m)
    return as_multipolygons(round_coordinates(to_degrees(simplified)))


def dissolve(outlines: Geometries, keys: Sequence[Hashable]) -> Mapping[Hashable, Geometry]:
    """Return one MultiPolygon per key, in order of first appearance, borders dissolved."""
    groups: dict[Hashable, list[Geometry]] = {}
    for key, outline in zip(keys, outlines, strict=True):
        groups.setdefault(key, []).append(outline)
    merged = [shapely.coverage_union_all(parts) for parts in groups.values()]
    return dict(zip(groups, as_multipolygons(merged), strict=True))


def remainder(whole: Geometry, parts: Geometries) -> Geometry | None:
    """Return what `parts` leave uncovered of `whole`, or None when it is under 1 m².

    Both are EPSG:4326; the difference keeps their points, so the three still form a coverage.
    """
    rest = shapely.difference(whole, shapely.coverage_union_all(list(parts)))
    polygons = [part for part in shapely.get_parts(rest) if part.geom_type == "Polygon"]
    kept = [
        polygon
        for polygon, metric in zip(polygons, to_metres(polygons), strict=True)
        if metric.area >= SLIVER_M2
    ]
    return shapely.MultiPolygon(kept) if kept else None


def displacement_m(before: Geometries, after: Geometries) -> Array:
    """Return how far each outline moved, metres: the Hausdorff distance of its borders."""
    return np.asarray(
        shapely.hausdorff_distance(
            shapely.boundary(to_metres(before)), shapely.boundary(to_metres(after))
        )
    )


def as_multipolygons(geometries: Geometries) -> Array:
    """Return every polygon as a MultiPolygon, the only kind that tables hold."""
    return np.array(
        [shapely.MultiPolygon(list(shapely.get_parts(g))) for g in geometries], dtype=object
    )
