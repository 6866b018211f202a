-- Limits of a territory's communes, each drawn once: two neighbours' dashes would blur each other.
-- Parameters: territory_id. EPSG:4326. Index: unique (insee_code, vintage).
with newest as (
    select distinct on (commune.insee_code) commune.perimeter
    from commune
    inner join territory on commune.insee_code = any (territory.insee_codes)
    where territory.id = :territory_id
    order by commune.insee_code asc, commune.vintage desc
)

select
    'limites' as id,
    json_build_object('name', 'Limites des communes') as properties,
    st_linemerge(st_union(st_boundary(perimeter))) as geom
from newest
