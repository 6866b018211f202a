-- How far residents live from the nearest equipment of each theme: in the quarter, in each commune
-- around, and in these communes together.
-- Parameters: territory_id; reaches (metres in a straight line, ascending). EPSG:4326.
-- Residents are placed on points of a grid: every 20 m or so in the quarter, every 50 m elsewhere. The
-- population of an IRIS (the census's, else the contract's) is spread evenly over its ground; what is left of a commune's population, over
-- the ground of its IRIS whose own is not known. Distances are those of a plane drawn around the
-- middle of the territory, right to 0.3 % at 20 km.
-- Indexes: ix_equipment_location, ix_iris_insee_code.
with territory as (
    select insee_codes, qpv_codes from territory where id = :territory_id
),

quarter as (
    select st_union(qpv.perimeter) as shape
    from qpv
    inner join territory on qpv.code = any (territory.qpv_codes)
    where qpv.vintage = (select max(vintage) from qpv where perimeter is not null)
),

blocks as (
    select distinct on (iris.code)
        iris.code,
        iris.insee_code,
        iris.perimeter,
        st_area(iris.perimeter) as area
    from iris
    inner join territory on iris.insee_code = any (territory.insee_codes)
    order by iris.code asc, iris.vintage desc
),

communes as (
    select distinct on (commune.insee_code)
        commune.insee_code,
        commune.population
    from commune
    inner join territory on commune.insee_code = any (territory.insee_codes)
    order by commune.insee_code asc, commune.vintage desc
),

counted as (
    select distinct on (blocks.code)
        blocks.code,
        value.value as population
    from blocks
    inner join indicator_value as value
        on
            value.place_kind = 'iris'
            and value.place_code = blocks.code
            and value.indicator_key in ('rp_population', 'population')
    where value.value is not null
    order by blocks.code asc, value.indicator_key desc, value.vintage desc, value.series desc
),

left_over as (
    select
        communes.insee_code,
        greatest(communes.population - coalesce(sum(counted.population), 0), 0) as population,
        sum(blocks.area) filter (where counted.code is null) as area
    from communes
    inner join blocks on communes.insee_code = blocks.insee_code
    left join counted on blocks.code = counted.code
    group by communes.insee_code, communes.population
),

peopled as (
    select
        blocks.*,
        counted.code is not null as is_counted,
        coalesce(
            counted.population, left_over.population * blocks.area / nullif(left_over.area, 0)
        ) as population
    from blocks
    left join counted on blocks.code = counted.code
    left join left_over on blocks.insee_code = left_over.insee_code
),

middle as (
    select
        avg(st_y(st_centroid(perimeter))) as lat,
        111320.0 as per_lat,
        111320.0 * cos(radians(avg(st_y(st_centroid(perimeter))))) as per_lon
    from blocks
),

parts as (
    select
        'commune' as scope,
        peopled.insee_code as place,
        peopled.perimeter as shape,
        peopled.population,
        peopled.is_counted,
        0.0005 as step
    from peopled
    where peopled.population > 0
    union all
    select
        'qpv',
        '',
        st_intersection(peopled.perimeter, quarter.shape),
        peopled.population
        * st_area(st_intersection(peopled.perimeter, quarter.shape)) / peopled.area,
        peopled.is_counted,
        0.0002
    from peopled
    inner join quarter on st_intersects(peopled.perimeter, quarter.shape)
    where
        peopled.population > 0
        and st_area(st_intersection(peopled.perimeter, quarter.shape)) > 0
),

points as (
    select
        parts.*,
        st_centroid(cell.geom) as point,
        count(*) over (partition by parts.shape, parts.scope) as shared
    from parts
    cross join lateral st_squaregrid(parts.step, parts.shape) as cell
    where st_intersects(parts.shape, st_centroid(cell.geom))
),

around as (
    select st_expand(st_setsrid(st_extent(perimeter)::geometry, 4326), 0.03) as box from blocks
),

themes as (
    select
        equipment.theme,
        count(*) as places,
        st_collect(
            st_scale(st_setsrid(equipment.location, 0), middle.per_lon, middle.per_lat)
        ) as spots
    from equipment
    inner join around on equipment.location && around.box
    cross join middle
    where not exists (
        select
        from equipment_match as match
        where
            match.second_id = equipment.id
            and match.territory_id = :territory_id
            and match.state = 'same'
    )
    group by equipment.theme
),

walked as (
    select
        points.scope,
        points.place,
        points.is_counted,
        themes.theme,
        points.population / points.shared as people,
        st_distance(
            st_scale(st_setsrid(points.point, 0), middle.per_lon, middle.per_lat), themes.spots
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
    sum(people) filter (where is_counted) as counted,
    sum(people) filter (where distance_m <= (cast(:reaches as double precision []))[1]) as first,
    sum(people) filter (where distance_m <= (cast(:reaches as double precision []))[2]) as second,
    sum(people) filter (where distance_m <= (cast(:reaches as double precision []))[3]) as third
from walked
group by scope, place, theme
order by scope desc, place, theme
