-- An equipment, with where it stands to a territory's quarter and who publishes it.
-- Parameters: territory_id, code (the row's key, as text; what is no number is no row).
-- Distance is metres on geography. Index: pk_equipment.
select
    equipment.id::text as code,
    equipment.name,
    equipment.theme,
    equipment.kind,
    equipment.detail,
    equipment.address,
    equipment.capacity,
    equipment.vintage,
    equipment.opening_hours,
    equipment.access,
    equipment.position_quality,
    dataset.producer,
    st_x(equipment.location) as lon,
    st_y(equipment.location) as lat,
    (
        select commune.name from commune
        where commune.insee_code = equipment.insee_code
        order by commune.vintage desc
        limit 1
    ) as commune_name,
    (
        select min(st_distance(qpv.perimeter::geography, equipment.location::geography))
        from qpv
        where qpv.code = any (territory.qpv_codes) and qpv.perimeter is not null
    ) as distance_m
from equipment
inner join territory on territory.id = :territory_id
left join dataset on equipment.dataset_id = dataset.id
where equipment.id = case when :code ~ '^[0-9]{1,18}$' then cast(:code as bigint) end
