-- What a printed plan shows under its stops, as paths of an SVG in the plan's own units: communes,
-- the limits of IRIS, one piece of ground, main roads, quarters of the newest generation. No tile is
-- fetched. Names: of communes on their ground, of roads along them.
-- Parameters: left, top (EPSG:3857), scale (units a metre there), width, height (units);
-- emprise_id (or null). Index: ix_commune_perimeter, ix_iris_perimeter, ix_road_line,
-- ix_qpv_perimeter.
with window_3857 as (
    select st_makeenvelope(
        cast(:left as double precision) - 0.2 * :width / :scale,
        cast(:top as double precision) - 1.2 * :height / :scale,
        cast(:left as double precision) + 1.2 * :width / :scale,
        cast(:top as double precision) + 0.2 * :height / :scale,
        3857
    ) as box
),

scope as (
    select box, st_transform(box, 4326) as box_4326 from window_3857
),

found as (
    select 1 as rank, 'commune' as kind, commune.name, commune.perimeter as geom
    from commune
    inner join scope on commune.perimeter && scope.box_4326
    where commune.vintage = (select max(newest.vintage) from commune as newest)
    union all
    select 2, 'iris', '', iris.perimeter
    from iris
    inner join scope on iris.perimeter && scope.box_4326
    where iris.vintage = (select max(newest.vintage) from iris as newest)
    union all
    select 3, 'emprise', emprise.name, emprise.perimeter
    from emprise
    where emprise.id = cast(:emprise_id as bigint)
    union all
    select 4, 'road', road.name, st_linemerge(st_collect(road.line))
    from road
    inner join scope on road.line && scope.box_4326
    group by road.name
    union all
    select 5, 'qpv', qpv.name, qpv.perimeter
    from qpv
    inner join scope on qpv.perimeter && scope.box_4326
    where qpv.vintage = (select max(newest.vintage) from qpv as newest)
),

drawn as (
    select
        found.rank,
        found.kind,
        found.name,
        st_simplify(
            st_transscale(
                st_clipbybox2d(st_transform(found.geom, 3857), scope.box),
                -cast(:left as double precision),
                -cast(:top as double precision),
                cast(:scale as double precision),
                cast(:scale as double precision)
            ),
            1
        ) as geom
    from found
    cross join scope
),

named as (
    select
        drawn.*,
        case
            when kind = 'road' then (
                select part.geom
                from st_dump(st_clipbybox2d(drawn.geom, view.box)) as part
                where st_geometrytype(part.geom) = 'ST_LineString'
                order by st_length(part.geom) desc
                limit 1
            )
            when kind = 'commune' then st_clipbybox2d(drawn.geom, view.box)
        end as seen
    from drawn
    cross join (
        select
            st_makeenvelope(0, -cast(:height as double precision), :width, 0) as box
    ) as view
    where drawn.geom is not null and not st_isempty(drawn.geom)
),

labelled as (
    select
        named.*,
        case
            when name = '' or st_isempty(seen) then null
            when kind = 'commune' and st_area(seen) > :width * :height * 0.05
                then st_pointonsurface(seen)
            when kind = 'road' and st_length(seen) > :width * 0.22
                then st_lineinterpolatepoint(seen, 0.5)
        end as label
    from named
)

select
    kind,
    name,
    st_assvg(geom, 1, 1) as path,
    st_x(label) as x,
    -st_y(label) as y,
    case
        when kind = 'road' and label is not null
            then degrees(
                st_azimuth(
                    st_lineinterpolatepoint(seen, 0.46), st_lineinterpolatepoint(seen, 0.54)
                )
            ) - 90
        else 0
    end as angle
from labelled
order by rank, name
