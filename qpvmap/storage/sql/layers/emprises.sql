-- Pieces of ground of a territory with who owns or manages them, as they are now.
-- Parameters: territory_id. EPSG:4326. Index: unique (territory_id, code).
select
    emprise.code as id,
    json_build_object(
        'code', emprise.code,
        'name', emprise.name || ', ' || organisation.name,
        'kind', emprise.kind
    ) as properties,
    emprise.perimeter as geom
from emprise
inner join organisation on emprise.organisation_id = organisation.id
where emprise.territory_id = :territory_id and emprise.removed_at is null
