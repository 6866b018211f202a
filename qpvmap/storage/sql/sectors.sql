-- The outlines of a territory's open sectors, for a phone to tell by itself in which one it stands.
-- :territory_id. EPSG:4326, five decimals (a metre). Uses the keys of qpv and commune.
with newest_qpv as (
    select distinct on (qpv.code) qpv.code, qpv.perimeter
    from qpv
    join sector on sector.qpv_code = qpv.code and sector.territory_id = :territory_id
    where qpv.perimeter is not null
    order by qpv.code, qpv.vintage desc
), newest_commune as (
    select distinct on (commune.insee_code) commune.insee_code, commune.perimeter
    from commune
    join sector on sector.insee_code = commune.insee_code and sector.territory_id = :territory_id
    where commune.perimeter is not null
    order by commune.insee_code, commune.vintage desc
), outlined as (
    select sector.code, sector.position,
           case when sector.insee_code is null then newest_qpv.perimeter
                else st_collectionextract(
                    st_intersection(newest_qpv.perimeter, newest_commune.perimeter), 3)
           end as shape
    from sector
    join newest_qpv on newest_qpv.code = sector.qpv_code
    left join newest_commune on newest_commune.insee_code = sector.insee_code
    where sector.territory_id = :territory_id and not sector.closed
)
select code, st_asgeojson(st_multi(shape), 5) as shape
from outlined
where shape is not null and not st_isempty(shape)
order by position
