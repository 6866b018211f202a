-- An IRIS of a territory, newest edition, with what it holds of each of the territory's quarters.
-- Parameters: territory_id, code (9 characters). EPSG:4326 in, square metres on geography.
select
    iris.code,
    iris.name,
    iris.insee_code,
    st_x(st_pointonsurface(iris.perimeter)) as lon,
    st_y(st_pointonsurface(iris.perimeter)) as lat,
    (
        select commune.name from commune
        where commune.insee_code = iris.insee_code
        order by commune.vintage desc
        limit 1
    ) as commune_name,
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
                st_area(st_intersection(qpv.perimeter, iris.perimeter)::geography)
                / st_area(qpv.perimeter::geography) as share
            from qpv
            where
                qpv.code = any (territory.qpv_codes)
                and st_intersects(qpv.perimeter, iris.perimeter)
            order by qpv.code asc, qpv.vintage desc
        ) as part
    ), '[]'::json) as quarters
from iris
inner join territory on iris.insee_code = any (territory.insee_codes)
where territory.id = :territory_id and iris.code = :code
order by iris.vintage desc
limit 1
