-- How many equipments a territory has, by theme: those that the statement `equipment` lists.
-- Parameters: territory_id. Indexes: ix_equipment_insee_code, ix_equipment_location.
with quarter as (
    select st_union(qpv.perimeter)::geography as ground
    from qpv
    inner join territory on qpv.code = any (territory.qpv_codes)
    where territory.id = :territory_id
),

-- worked out once: a buffer takes milliseconds, and there are thousands of places
around as materialized (
    select st_buffer(quarter.ground, 1500)::geometry as shape
    from quarter
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
    equipment.theme,
    count(*) as count
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
group by equipment.theme
