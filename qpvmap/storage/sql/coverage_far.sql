-- Where residents walk too far to the nearest equipment of a theme: grounds of one band of time, as
-- GeoJSON, EPSG:4326. They tell a distance and never how many live there.
-- Parameters: run_id, theme; bounds (metres walked, ascending: a band begins at each); fewest
-- (households under which a ground is not drawn: INSEE's rule). Index: ix_coverage_point_run_id.
-- Band 0 begins at the first bound; the last one has no way at all. Neighbouring points make one
-- ground: each stands for its square of the grid, and a little more, so that no seam is left.
with walked as (
    select
        point.location,
        point.households,
        point.metres[array_position(run.themes, cast(:theme as text))] as metres
    from coverage_point as point
    inner join coverage_run as run on point.run_id = run.id
    where
        point.run_id = :run_id
        and point.scope = 'commune'
        and cast(:theme as text) = any (run.themes)
),

far as (
    select
        walked.location,
        walked.households,
        case
            when walked.metres is null then cardinality(cast(:bounds as double precision []))
            else width_bucket(walked.metres, cast(:bounds as double precision [])) - 1
        end as band
    from walked
    where walked.metres is null or walked.metres >= (cast(:bounds as double precision []))[1]
),

grouped as (
    select
        far.*,
        st_clusterdbscan(far.location, 0.0008, 1) over (partition by far.band) as key
    from far
),

grounds as (
    select
        grouped.band,
        st_union(st_expand(grouped.location, 0.000251)) as shape
    from grouped
    group by grouped.band, grouped.key
    having coalesce(sum(grouped.households), :fewest) >= :fewest - 0.001
)

select json_build_object(
    'type', 'FeatureCollection',
    'features', coalesce(
        json_agg(
            json_build_object(
                'type', 'Feature',
                'properties', json_build_object('band', band),
                'geometry', st_asgeojson(shape, 5)::json
            )
            order by band
        ),
        '[]'::json
    )
)::text
from grounds
