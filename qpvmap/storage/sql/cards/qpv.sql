-- A quarter in sight of a territory, with its area and how it is shared between communes and IRIS.
-- A share under 0.3 % of the quarter is a sliver between two drawings of a border, not a place.
-- Parameters: territory_id, code. Areas are square metres on geography.
with quarter as (
    select
        qpv.*,
        qpv.code = any (territory.qpv_codes) as is_main,
        st_area(qpv.perimeter::geography) as area_m2
    from qpv, territory
    where territory.id = :territory_id and qpv.code = :code and qpv.perimeter is not null
    order by qpv.vintage desc
    limit 1
),

communes as (
    select distinct on (commune.insee_code)
        commune.insee_code as code,
        commune.name,
        st_area(st_intersection(commune.perimeter, quarter.perimeter)::geography)
        / quarter.area_m2 as share
    from commune
    inner join quarter on st_intersects(commune.perimeter, quarter.perimeter)
    order by commune.insee_code asc, commune.vintage desc
),

blocks as (
    select distinct on (iris.code)
        iris.code,
        iris.name,
        st_area(st_intersection(iris.perimeter, quarter.perimeter)::geography)
        / quarter.area_m2 as share
    from iris
    inner join quarter on st_intersects(iris.perimeter, quarter.perimeter)
    order by iris.code asc, iris.vintage desc
)

select
    code,
    name,
    vintage,
    is_main,
    area_m2 / 10000 as area_ha,
    st_x(st_pointonsurface(perimeter)) as lon,
    st_y(st_pointonsurface(perimeter)) as lat,
    coalesce((
        select json_agg(to_json(communes) order by communes.share desc)
        from communes where communes.share >= 0.01
    ), '[]'::json) as communes,
    coalesce((
        select json_agg(to_json(blocks) order by blocks.share desc)
        from blocks where blocks.share >= 0.01
    ), '[]'::json) as iris
from quarter
