-- The IRIS around a quarter and its outline, as SVG paths in metres of Web Mercator (y downwards), each with
-- a point inside it for its figure.
-- Parameters: code, vintage (of the quarter). One row a shape, the quarter last.
-- Index: ix_iris_perimeter (gist).
with quarter as (
    select
        qpv.code,
        qpv.name,
        st_transform(qpv.perimeter, 3857) as shape,
        st_envelope(st_expand(st_transform(qpv.perimeter, 3857), 600)) as box
    from qpv
    where qpv.code = :code and qpv.vintage = :vintage and qpv.perimeter is not null
),

blocks as (
    select distinct on (iris.code)
        iris.code,
        iris.name,
        st_intersection(st_transform(iris.perimeter, 3857), quarter.box) as shape
    from iris
    inner join quarter on iris.perimeter && st_transform(quarter.box, 4326)
    order by iris.code asc, iris.vintage desc
),

drawn as (
    select
        0 as level,
        blocks.code,
        blocks.name,
        blocks.shape
    from blocks
    where not st_isempty(blocks.shape)
    union all
    select
        1,
        quarter.code,
        quarter.name,
        quarter.shape
    from quarter
)

select
    drawn.level,
    drawn.code,
    drawn.name,
    st_assvg(drawn.shape, 0, 0) as path,
    round(st_x(st_pointonsurface(drawn.shape))) as label_x,
    round(-st_y(st_pointonsurface(drawn.shape))) as label_y,
    round(st_xmin(quarter.box)) as west,
    round(-st_ymax(quarter.box)) as top,
    round(st_xmax(quarter.box) - st_xmin(quarter.box)) as width,
    round(st_ymax(quarter.box) - st_ymin(quarter.box)) as height
from drawn, quarter
order by drawn.level, drawn.code
