-- Main roads in sight of a territory (0.05 degrees around), one feature a name, which stands at its
-- nearest point to the quarter.
-- Parameters: territory_id. EPSG:4326. Index: ix_road_line.
with scope as (
    select
        st_expand(st_setsrid(st_extent(commune.perimeter)::geometry, 4326), 0.05) as box,
        (
            select st_union(qpv.perimeter) from qpv
            where qpv.code = any (territory.qpv_codes)
        ) as quarter
    from territory
    inner join commune on commune.insee_code = any (territory.insee_codes)
    where territory.id = :territory_id
    group by territory.id
),

named as (
    select road.name, scope.quarter, st_linemerge(st_collect(road.line)) as line
    from road
    inner join scope on road.line && scope.box
    group by road.name, scope.quarter
),

placed as (
    select name, line, st_closestpoint(line, quarter) as label
    from named
)

select
    coalesce(nullif(name, ''), 'sans-nom') as id,
    json_build_object(
        'name', name,
        'label', case
            when name = '' or label is null then null
            else json_build_array(
                round(st_x(label)::numeric, 5), round(st_y(label)::numeric, 5)
            )
        end
    ) as properties,
    line as geom
from placed
