-- What has a name nearest to a point: an equipment, a piece of ground, a main road.
-- Parameters: lon, lat (EPSG:4326); territory_id, whose ground counts; within_m, metres.
-- A box of 0.004 degree, some 300 m, lets the indexes choose; metres are measured on the ellipsoid.
with here as (
    select
        st_setsrid(st_makepoint(:lon, :lat), 4326) as point,
        st_expand(st_setsrid(st_makepoint(:lon, :lat), 4326), 0.004) as around
),

named as (
    select
        equipment.name,
        equipment.location as shape
    from equipment, here
    where equipment.location && here.around
    union all
    select
        emprise.name,
        emprise.perimeter
    from emprise, here
    where
        emprise.perimeter && here.around
        and emprise.territory_id = :territory_id
        and emprise.removed_at is null
    union all
    select
        road.name,
        road.line
    from road, here
    where road.line && here.around
)

select
    named.name,
    st_distance(named.shape::geography, here.point::geography) as distance_m
from named, here
where
    named.name <> ''
    and st_dwithin(named.shape::geography, here.point::geography, :within_m)
order by distance_m, named.name
limit 1
