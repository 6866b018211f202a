-- Equipment in a territory's communes or within 1 500 m of its quarters.
-- Parameters: territory_id. EPSG:4326. Indexes: ix_equipment_insee_code, ix_equipment_location.
with around as materialized (
    select st_buffer(st_union(qpv.perimeter)::geography, 1500)::geometry as shape
    from qpv
    inner join territory on qpv.code = any (territory.qpv_codes)
    where territory.id = :territory_id
),

wanted as (
    select equipment.id
    from territory
    cross join lateral unnest(territory.insee_codes) as commune (code)
    inner join equipment on commune.code = equipment.insee_code
    where territory.id = :territory_id
    union
    select equipment.id
    from around
    inner join equipment on st_intersects(around.shape, equipment.location)
)

select
    equipment.id,
    json_build_object(
        'code', equipment.id::text,
        'name', equipment.name,
        'theme', equipment.theme,
        'kind', equipment.kind
    ) as properties,
    equipment.location as geom
from equipment
inner join wanted on equipment.id = wanted.id
where not exists (
    select
    from equipment_match as match
    where
        match.second_id = equipment.id
        and match.territory_id = :territory_id
        and match.state = 'same'
)
