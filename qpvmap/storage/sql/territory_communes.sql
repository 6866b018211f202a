-- The communes of a territory, by their newest name. Parameters: territory_id.
select distinct on (listed.code)
    listed.code,
    coalesce(commune.name, listed.code) as name
from territory
cross join unnest(territory.insee_codes) as listed (code)
left join commune on listed.code = commune.insee_code
where territory.id = :territory_id
order by listed.code asc, commune.vintage desc
