-- Whose ground a point may stand on: emprises and communes under its accuracy disc, with the
-- share of the disc that lies on each.
-- Parameters: point (EPSG:4326); accuracy_m (metres, 0 for an exact point); iris_vintage and
--             insee_code (edition of the IRIS under the point, and commune of the point).
-- Returns a JSON array, the likeliest first; shares are 0 to 1 of the disc, 1 for an exact point.
-- A share is a ratio of two areas of one small disc, so that degrees of area cancel. Communes are
-- told by their IRIS. The areas of each commune are only taken when the disc touches two of them.
-- Indexes: ix_emprise_perimeter, ix_iris_perimeter.
create function derived.owners(
    point geometry, accuracy_m float8, iris_vintage bigint, insee_code text
)
returns jsonb
language plpgsql stable
set plan_cache_mode = force_generic_plan
set search_path = public
as $$
#variable_conflict use_column
declare
    disc geometry := point;
    whole float8 := 0;
    emprises bigint[];
    communes text[] := array[owners.insee_code];
begin
if accuracy_m > 0 then
    disc := st_transform(
        st_buffer(
            st_transform(point, 3857),
            accuracy_m / cos(radians(least(abs(st_y(point)), 85)))
        ),
        4326
    );
    whole := st_area(disc);
    select coalesce(array_agg(distinct i.insee_code), communes) into communes
    from iris as i
    where i.vintage = owners.iris_vintage and st_intersects(i.perimeter, disc);
end if;
select array_agg(e.id) into emprises
from emprise as e
where e.removed_at is null and st_intersects(e.perimeter, disc);
if emprises is null and cardinality(communes) = 1 then
    return jsonb_build_array(
        jsonb_build_object('commune', communes[1], 'share', 1, 'commune_share', 1, 'under', true)
    );
end if;
return (
with commune_ground as (
    select owners.insee_code as code, disc as shape
    where cardinality(communes) = 1
    union all
    select i.insee_code, st_collectionextract(st_union(st_intersection(i.perimeter, disc)), 3)
    from iris as i
    where
        cardinality(communes) > 1
        and i.vintage = owners.iris_vintage
        and st_intersects(i.perimeter, disc)
    group by i.insee_code
),

ground as (
    select g.code, g.shape, case when whole > 0 then st_area(g.shape) / whole else 1 end as share
    from commune_ground as g
),

drawn as (
    select e.id, e.perimeter, e.confidence, st_area(e.perimeter::geography) as area_m2
    from emprise as e
    where e.id = any(emprises)
),

piece as (
    select
        g.code,
        g.share as commune_share,
        d.id,
        d.confidence,
        d.area_m2,
        st_covers(d.perimeter, owners.point) as under,
        case
            when whole > 0 then st_area(st_intersection(d.perimeter, g.shape)) / whole else 1
        end as share
    from ground as g
    cross join drawn as d
    union all
    select
        g.code,
        g.share,
        null,
        1,
        null,
        not exists (select from drawn as d where st_covers(d.perimeter, owners.point)),
        case
            when whole = 0 then 0
            when emprises is null then g.share
            else st_area(
                st_difference(g.shape, (select st_union(d.perimeter) from drawn as d))
            ) / whole
        end
    from ground as g
)

select jsonb_agg(
    jsonb_build_object(
        'commune', p.code,
        'share', round(least(p.share, 1)::numeric, 6),
        'commune_share', round(least(p.commune_share, 1)::numeric, 6),
        'under', p.under,
        'emprise', case when e.id is not null then jsonb_build_object(
            'id', e.id,
            'code', e.code,
            'name', e.name,
            'kind', e.kind,
            'body_id', o.id,
            'body', o.name,
            'confidence', e.confidence,
            'area_m2', p.area_m2
        ) end
    )
    order by p.share * p.confidence desc, p.area_m2 asc nulls last, e.code asc, p.code asc
)
from piece as p
left join emprise as e on p.id = e.id
left join organisation as o on e.organisation_id = o.id
where p.share > 0 or p.under
);
end
$$;
