-- How far residents live from the nearest equipment of each theme, in a straight line: in the quarter
-- and in each commune around.
-- Parameters: territory_id; reaches (metres in a straight line, ascending). EPSG:4326.
-- Residents are those of `derived.residents`. Distances are those of a plane drawn around the middle
-- of the territory, right to 0.3 % at 20 km.
-- Indexes: those of `derived.residents` and `derived.equipment_around`.
with points as (
    select * from derived.residents(:territory_id)
),

middle as (
    select
        111320.0 as per_lat,
        111320.0 * cos(radians(avg(st_y(location)))) as per_lon
    from points
),

themes as (
    select
        spot.theme,
        st_collect(
            st_scale(st_setsrid(spot.location, 0), middle.per_lon, middle.per_lat)
        ) as spots
    from derived.equipment_around(:territory_id) as spot
    cross join middle
    group by spot.theme
),

walked as (
    select
        points.scope,
        points.place,
        points.basis,
        points.people,
        themes.theme,
        st_distance(
            st_scale(st_setsrid(points.location, 0), middle.per_lon, middle.per_lat), themes.spots
        ) as distance_m
    from points
    cross join themes
    cross join middle
)

select
    scope,
    place,
    theme,
    sum(people) as people,
    sum(people) filter (where basis <> 'commune') as counted,
    sum(people) filter (where basis in ('square', 'imputed')) as gridded,
    sum(people) filter (where basis = 'imputed') as imputed,
    sum(people) filter (where distance_m <= (cast(:reaches as double precision []))[1]) as first,
    sum(people) filter (where distance_m <= (cast(:reaches as double precision []))[2]) as second,
    sum(people) filter (where distance_m <= (cast(:reaches as double precision []))[3]) as third,
    0.0 as cut_off,
    0.0 as astray
from walked
group by scope, place, theme
order by scope desc, place, theme
