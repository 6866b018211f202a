-- IRIS of a territory's communes, newest edition.
-- Parameters: territory_id. EPSG:4326. Index: ix_iris_insee_code.
with newest as (
    select distinct on (iris.code) iris.*
    from iris
    inner join territory on iris.insee_code = any (territory.insee_codes)
    where territory.id = :territory_id
    order by iris.code asc, iris.vintage desc
)

select
    code as id,
    json_build_object('code', code, 'name', name, 'commune', insee_code) as properties,
    perimeter as geom
from newest
