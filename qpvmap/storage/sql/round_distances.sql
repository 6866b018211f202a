-- Metres between each two of some points, as the crow flies on the ellipsoid, row by row.
-- Parameters: lons, lats (degrees, EPSG:4326), in the same order.
with place as (
    select
        given.n,
        st_setsrid(st_makepoint(given.lon, given.lat), 4326)::geography as point
    from unnest(
        cast(:lons as double precision[]), cast(:lats as double precision[])
    ) with ordinality as given (lon, lat, n)
)

select st_distance(here.point, there.point) as distance_m
from place as here
cross join place as there
order by here.n, there.n
