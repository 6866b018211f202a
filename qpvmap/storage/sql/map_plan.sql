-- The still plan shown without a script: communes, and the quarter, as SVG paths in metres of
-- Web Mercator (y downwards), with names where the map writes them.
-- Parameters: territory_id. One row a shape, the lowest first.
with quarter as (
    select
        qpv.name,
        st_transform(qpv.perimeter, 3857) as shape
    from qpv
    inner join territory on qpv.code = any (territory.qpv_codes)
    where
        territory.id = :territory_id
        and qpv.perimeter is not null
        and qpv.vintage = (select max(other.vintage) from qpv as other where other.code = qpv.code)
),

frame as (
    select st_expand(st_extent(shape)::geometry, 500) as box from quarter
),

communes as (
    select distinct on (commune.insee_code)
        commune.insee_code,
        commune.name,
        st_transform(commune.perimeter, 3857) as shape
    from commune
    inner join territory on commune.insee_code = any (territory.insee_codes)
    where territory.id = :territory_id
    order by commune.insee_code asc, commune.vintage desc
),

drawn as (
    select
        0 as level,
        communes.name,
        1 + (row_number() over (order by communes.insee_code) - 1) % 4 as tint,
        st_intersection(communes.shape, st_setsrid(frame.box, 3857)) as shape
    from communes, frame
    where st_intersects(communes.shape, st_setsrid(frame.box, 3857))
    union all
    select 1, quarter.name, 0, quarter.shape
    from quarter
)

select
    drawn.level,
    drawn.name,
    drawn.tint,
    st_assvg(drawn.shape, 0, 0) as path,
    round(st_x(st_pointonsurface(drawn.shape))) as x,
    round(-st_y(st_pointonsurface(drawn.shape))) as y,
    round(st_xmin(frame.box)) as west,
    round(-st_ymax(frame.box)) as top,
    round(st_xmax(frame.box) - st_xmin(frame.box)) as width,
    round(st_ymax(frame.box) - st_ymin(frame.box)) as height
from drawn, frame
order by drawn.level, drawn.name
