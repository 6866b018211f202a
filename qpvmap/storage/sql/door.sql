-- The quarter and what lies around it, as SVG paths in a square of 800 whose middle is (0, 0),
-- for the page where people sign in. Rows come in the order in which they are painted.
-- Parameters: code (of the territory). EPSG:3857, for the eye only.
-- Indexes: ix_commune_perimeter, ix_iris_perimeter, ix_qpv_perimeter.
with main as (
    select qpv.code, qpv.vintage, st_transform(qpv.perimeter, 3857) as shape,
           territory.insee_codes, territory.name
    from territory
    inner join qpv on qpv.code = any (territory.qpv_codes) and qpv.perimeter is not null
    where territory.code = :code
    order by qpv.vintage desc, array_position(territory.qpv_codes, qpv.code)
    limit 1
), sight as (
    select *, st_centroid(st_envelope(shape)) as middle,
           1.45 * greatest(st_xmax(shape) - st_xmin(shape), st_ymax(shape) - st_ymin(shape)) as width
    from main
), square as (
    select *, st_expand(middle, width * 0.75) as frame,
           st_transform(st_expand(middle, width * 0.75), 4326) as frame_4326
    from sight
), ground as (
    select distinct on (commune.insee_code) commune.insee_code, commune.name,
           st_intersection(st_transform(commune.perimeter, 3857), square.frame) as shape
    from commune, square
    where commune.insee_code = any (square.insee_codes)
      and commune.perimeter && square.frame_4326
    order by commune.insee_code, commune.vintage desc
), blocks as (
    select st_intersection(st_transform(iris.perimeter, 3857), square.frame) as shape
    from iris, square
    where iris.perimeter && square.frame_4326
      and left(iris.code, 5) = any (square.insee_codes)
), drawn as (
    select 1 as depth, 'm-land m-land-' || (row_number() over (order by insee_code) - 1) % 4 + 1
           as css, shape, null as label from ground
    union all
    select 2, 'm-iris', st_union(st_boundary(shape)), null from blocks
    union all
    select 3, 'm-commune', st_union(st_boundary(shape)), null from ground
    union all
    select 4, 'm-band',
           st_transform(
               st_buffer(st_transform(shape, 4326)::geography, 300)::geometry, 3857), null
    from main
    union all
    select 5, 'm-qpv m-qpv-other', st_transform(qpv.perimeter, 3857), null
    from qpv, square
    where qpv.perimeter && square.frame_4326
      and qpv.vintage = square.vintage and qpv.code <> square.code
    union all
    select 6, 'm-qpv-case', shape, null from main
    union all
    select 7, 'm-qpv', shape, null from main
    union all
    select 8, 'm-lab m-lab-com', st_pointonsurface(
               coalesce(nullif(st_intersection(ground.shape, st_expand(square.middle,
                   square.width * 0.4)), 'SRID=3857;POLYGON EMPTY'::geometry), ground.shape)),
           ground.name
    from ground, square
    union all
    select 9, 'm-lab m-lab-qpv', st_pointonsurface(shape), name from main
)
select drawn.css, drawn.label,
       round(((st_x(point) - st_x(middle)) * 800 / width)::numeric, 1) as x,
       round(((st_y(middle) - st_y(point)) * 800 / width)::numeric, 1) as y,
       case when drawn.label is null then
           st_assvg(
               st_scale(
                   st_translate(
                       st_simplifypreservetopology(drawn.shape, width / 1000),
                       -st_x(middle), -st_y(middle)),
                   800 / width, 800 / width),
               0, 1)
       end as path
from drawn
cross join square
cross join lateral st_pointonsurface(drawn.shape) as point
where not st_isempty(drawn.shape)
order by drawn.depth
