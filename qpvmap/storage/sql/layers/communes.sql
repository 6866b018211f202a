-- Communes of a territory, newest edition, each with a tint (neighbours in code order differ) and
-- the place of its name: the middle of the largest circle in the part of it round the quarter that
-- the quarter leaves free, so that names stand where people look.
-- Parameters: territory_id. EPSG:4326. Indexes: unique (insee_code, vintage), (code, vintage).
with quarter as (
    select
        st_union(shape) as shape,
        st_buffer(st_union(shape)::geography, 450)::geometry as around
    from (
        select distinct on (qpv.code) qpv.perimeter as shape
        from qpv
        inner join territory on qpv.code = any (territory.qpv_codes)
        where territory.id = :territory_id and qpv.perimeter is not null
        order by qpv.code asc, qpv.vintage desc
    ) as newest
),

newest as (
    select distinct on (commune.insee_code) commune.*
    from commune
    inner join territory on commune.insee_code = any (territory.insee_codes)
    where territory.id = :territory_id
    order by commune.insee_code asc, commune.vintage desc
),

free as (
    select
        newest.id,
        st_difference(
            st_intersection(newest.perimeter, quarter.around), quarter.shape
        ) as shape
    from newest, quarter
),

named as (
    select
        newest.*,
        case
            when free.shape is null or st_isempty(free.shape)
                then st_pointonsurface(newest.perimeter)
            else (st_maximuminscribedcircle(free.shape)).center
        end as label
    from newest
    left join free on newest.id = free.id
)

select
    insee_code as id,
    json_build_object(
        'code', insee_code,
        'name', name,
        'tint', 1 + (row_number() over (order by insee_code) - 1) % 4,
        'label', json_build_array(
            round(st_x(label)::numeric, 5), round(st_y(label)::numeric, 5)
        )
    ) as properties,
    perimeter as geom
from named
