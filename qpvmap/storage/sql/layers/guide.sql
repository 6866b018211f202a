-- Structures of a territory's guide whose place is known.
-- Parameters: territory_id. EPSG:4326. A guide has some hundred structures: they are read.
select
    structure.id,
    json_build_object(
        'code', structure.code,
        'name', structure.name
    ) as properties,
    structure.location as geom
from guide_structure as structure
where
    structure.territory_id = :territory_id
    and structure.removed_at is null
    and structure.location is not null
