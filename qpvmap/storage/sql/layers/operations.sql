-- The investment plan of a territory.
-- Parameters: territory_id. EPSG:4326. Index: unique (territory_id, code).
select
    code as id,
    json_build_object(
        'code', code,
        'name', title,
        'theme', theme,
        'status', status,
        'approximate', position_quality = 'approximate'
    ) as properties,
    location as geom
from operation
where territory_id = :territory_id and location is not null and removed_at is null
