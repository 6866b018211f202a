-- Where a point is: commune, IRIS, nearest quarter of the newest generation, in one statement.
-- Parameters: lon, lat (EPSG:4326, degrees); accuracy_m (metres, 0 for an exact point);
--             max_distance_m (metres: beyond it no quarter is named).
-- Returns one row. Distances are metres on the ellipsoid, to the nearest point of the outline.
-- share_inside is the part, 0 to 1, of the accuracy disc inside the quarter: a ratio of two areas
-- of one small disc, taken in 3857 with its radius stretched as the projection stretches the
-- ground there, so that the distortion cancels.
-- candidates are the owners of the ground, as `owners` tells them.
-- Indexes: ix_iris_perimeter, ix_commune_perimeter, ix_qpv_perimeter_3857.
-- A function, because planning takes five times as long as the look-up itself: the plan does not
-- depend on where the point is, so one generic plan per connection is right.
create function derived.locate(lon float8, lat float8, accuracy_m float8, max_distance_m float8)
returns table (
    iris_code text,
    iris_name text,
    commune_code text,
    commune_name text,
    qpv_code text,
    qpv_name text,
    qpv_vintage bigint,
    distance_m float8,
    inside boolean,
    share_inside float8,
    candidates jsonb
)
language plpgsql stable
set plan_cache_mode = force_generic_plan
set search_path = public
as $$
#variable_conflict use_column
begin
-- A disc of no finite size would bring the server down, not just this query.
if not (accuracy_m between 0 and 50000) then
    raise exception 'accuracy_m must be between 0 and 50000 metres, not %', accuracy_m;
end if;
return query
with spot as (
    select
        st_setsrid(st_makepoint(locate.lon, locate.lat), 4326) as point,
        st_transform(st_setsrid(st_makepoint(locate.lon, locate.lat), 4326), 3857) as flat,
        locate.accuracy_m / cos(radians(least(abs(locate.lat), 85))) as radius
)

select
    iris.code as iris_code,
    iris.name as iris_name,
    coalesce(own.insee_code, outline.insee_code) as commune_code,
    coalesce(own.name, outline.name) as commune_name,
    qpv.code as qpv_code,
    qpv.name as qpv_name,
    qpv.vintage as qpv_vintage,
    qpv.distance_m,
    qpv.inside,
    case
        when qpv.code is null then null
        when locate.accuracy_m = 0 or qpv.distance_m > locate.accuracy_m then qpv.inside::int
        else st_area(st_intersection(disc.shape, qpv.perimeter_3857)) / st_area(disc.shape)
    end as share_inside,
    case
        when coalesce(own.insee_code, outline.insee_code) is not null
            then derived.owners(
                spot.point,
                locate.accuracy_m,
                iris.vintage,
                coalesce(own.insee_code, outline.insee_code)
            )
    end as candidates
from spot
left join lateral (
    select i.code, i.name, i.insee_code, i.vintage
    from iris as i
    where st_covers(i.perimeter, spot.point)
    order by i.vintage desc, i.code
    limit 1
) as iris on true
-- The commune is the IRIS's own; its outline speaks only where there is none, since two
-- producers' borders differ by up to 200 m.
left join lateral (
    select c.insee_code, c.name
    from commune as c
    where c.insee_code = iris.insee_code
    order by c.vintage desc
    limit 1
) as own on true
left join lateral (
    select c.insee_code, c.name
    from commune as c
    where own.insee_code is null and st_covers(c.perimeter, spot.point)
    order by c.vintage desc, c.insee_code
    limit 1
) as outline on true
-- Two, then one: where quarters overlap both are at 0, and the answer must not depend on chance.
left join lateral (
    select two.*
    from (
        select
            q.code,
            q.name,
            q.vintage,
            q.perimeter,
            q.perimeter_3857,
            q.perimeter_3857 <-> spot.flat as gap
        from qpv as q
        where q.vintage = (select max(newest.vintage) from qpv as newest)
        order by q.perimeter_3857 <-> spot.flat
        limit 2
    ) as two
    where two.perimeter is not null
    order by two.gap, two.code
    limit 1
) as nearest on true
left join lateral (
    select
        nearest.*,
        st_covers(nearest.perimeter, spot.point) as inside,
        case
            when st_covers(nearest.perimeter, spot.point) then 0
            else st_distance(
                st_transform(st_closestpoint(nearest.perimeter_3857, spot.flat), 4326)::geography,
                spot.point::geography
            )
        end as distance_m
    where nearest.code is not null
) as qpv on qpv.distance_m <= locate.max_distance_m
left join lateral (
    select st_buffer(spot.flat, spot.radius) as shape
    where locate.accuracy_m > 0 and qpv.distance_m <= locate.accuracy_m
) as disc on true;
end
$$;
