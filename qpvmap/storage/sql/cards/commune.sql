-- A commune of a territory, newest edition, with what it holds of each of the territory's quarters.
-- Parameters: territory_id, code (INSEE). EPSG:4326 in, square metres on geography.
select
    commune.insee_code as code,
    commune.name,
    commune.population,
    st_x(st_pointonsurface(commune.perimeter)) as lon,
    st_y(st_pointonsurface(commune.perimeter)) as lat,
    coalesce((
        select
            json_agg(
                json_build_object('code', part.code, 'name', part.name, 'share', part.share)
                order by part.share desc
            )
        from (
            select distinct on (qpv.code)
                qpv.code,
                qpv.name,
                st_area(st_intersection(qpv.perimeter, commune.perimeter)::geography)
                / st_area(qpv.perimeter::geography) as share
            from qpv
            where
                qpv.code = any (territory.qpv_codes)
                and st_intersects(qpv.perimeter, commune.perimeter)
            order by qpv.code asc, qpv.vintage desc
        ) as part
    ), '[]'::json) as quarters
from commune
inner join territory on commune.insee_code = any (territory.insee_codes)
where territory.id = :territory_id and commune.insee_code = :code
order by commune.vintage desc
limit 1
