-- An operation of a territory's investment plan that has a place, with where it stands to the quarter.
-- Parameters: territory_id, code. Distance is metres on geography, 0 inside.
select
    operation.code,
    operation.title as name,
    operation.theme,
    operation.work,
    operation.status,
    operation.natures,
    operation.cost,
    operation.starts_on,
    operation.starts_precision,
    operation.ends_on,
    operation.ends_precision,
    operation.position_quality,
    operation.insee_code,
    st_x(operation.location) as lon,
    st_y(operation.location) as lat,
    (
        select commune.name from commune
        where commune.insee_code = operation.insee_code
        order by commune.vintage desc
        limit 1
    ) as commune_name,
    (
        select min(st_distance(qpv.perimeter::geography, operation.location::geography))
        from qpv
        where qpv.code = any (territory.qpv_codes) and qpv.perimeter is not null
    ) as distance_m
from operation
inner join territory on operation.territory_id = territory.id
where
    territory.id = :territory_id
    and operation.code = :code
    and operation.location is not null
    and operation.removed_at is null
