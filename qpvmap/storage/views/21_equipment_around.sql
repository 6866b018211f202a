-- The equipment that residents of a territory may walk to: in its communes and some 3 km around,
-- without those that a person said to be the same place as another.
-- Parameters: territory_id. EPSG:4326. Indexes: ix_equipment_location, ix_iris_insee_code.
create function derived.equipment_around(territory_id bigint)
returns table (theme text, location geometry)
language sql stable
set search_path = public
as $$
with around as (
    select st_expand(st_setsrid(st_extent(iris.perimeter)::geometry, 4326), 0.03) as box
    from territory as ours
    inner join iris on iris.insee_code = any (ours.insee_codes)
    where ours.id = equipment_around.territory_id
)

select equipment.theme, equipment.location
from around
inner join equipment on around.box && equipment.location
where not exists (
    select
    from equipment_match as match
    where
        match.second_id = equipment.id
        and match.territory_id = equipment_around.territory_id
        and match.state = 'same'
);
$$;
