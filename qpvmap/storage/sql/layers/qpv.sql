-- Quarters of one generation in sight of a territory: its own (`main`) and its neighbours'.
-- The name stands on a point of the surface: the middle of a thin quarter lies outside it.
-- Parameters: territory_id; vintage (2015, 2024). EPSG:4326. Index: ix_qpv_perimeter.
with scope as (
    select territory.qpv_codes, st_extent(commune.perimeter)::geometry as box
    from territory
    inner join commune on commune.insee_code = any (territory.insee_codes)
    where territory.id = :territory_id
    group by territory.id
)

select
    qpv.code as id,
    json_build_object(
        'code', qpv.code,
        'name', qpv.name,
        'vintage', qpv.vintage,
        'main', qpv.code = any (scope.qpv_codes),
        'label', json_build_array(
            round(st_x(st_pointonsurface(qpv.perimeter))::numeric, 5),
            round(st_y(st_pointonsurface(qpv.perimeter))::numeric, 5)
        )
    ) as properties,
    qpv.perimeter as geom
from qpv
inner join scope on qpv.perimeter && st_setsrid(scope.box, 4326)
where qpv.vintage = :vintage
