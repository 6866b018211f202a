-- The investment plan of a territory, commune by commune, with where each item stands to the quarter.
-- Parameters: territory_id; code (null for the whole plan). Points are EPSG:4326; distances are
-- metres on geography, 0 inside. Index: unique (territory_id, code); a plan has some tens of items.
with ground as (
    select st_union(qpv.perimeter)::geography as shape
    from territory
    inner join qpv on qpv.code = any (territory.qpv_codes) and qpv.perimeter is not null
    where
        territory.id = :territory_id
        and qpv.vintage = (
            select max(newest.vintage) from qpv as newest
            where newest.code = qpv.code and newest.perimeter is not null
        )
)

select
    operation.code,
    operation.title,
    operation.theme,
    operation.work,
    operation.status,
    operation.position_quality,
    operation.version,
    coalesce(commune.name, operation.insee_code) as commune,
    st_x(operation.location) as lon,
    st_y(operation.location) as lat,
    st_distance(operation.location::geography, ground.shape) as distance_m
from operation
cross join ground
left join lateral (
    select known.name
    from commune as known
    where known.insee_code = operation.insee_code
    order by known.vintage desc
    limit 1
) as commune on true
where
    operation.territory_id = :territory_id
    and (cast(:code as text) is null or operation.code = :code)
order by commune.name collate "fr-x-icu", operation.code
