-- How far residents walk to the nearest equipment of each theme, as it was reckoned: in the quarter
-- and in each commune around.
-- Parameters: run_id; reaches (metres walked, ascending). Index: ix_coverage_point_run_id.
select
    point.scope,
    point.place,
    walk.theme,
    sum(point.people) as people,
    sum(point.people) filter (where point.basis <> 'commune') as counted,
    sum(point.people) filter (where point.basis in ('square', 'imputed')) as gridded,
    sum(point.people) filter (where point.basis = 'imputed') as imputed,
    sum(point.people) filter (where walk.metres <= (cast(:reaches as real []))[1]) as first,
    sum(point.people) filter (where walk.metres <= (cast(:reaches as real []))[2]) as second,
    sum(point.people) filter (where walk.metres <= (cast(:reaches as real []))[3]) as third,
    sum(point.people) filter (where walk.metres is null) as cut_off,
    sum(point.people) filter (where point.astray) as astray
from coverage_point as point
inner join coverage_run as run on point.run_id = run.id
cross join lateral unnest(run.themes, point.metres) as walk (theme, metres)
where point.run_id = :run_id
group by point.scope, point.place, walk.theme
order by point.scope desc, point.place, walk.theme
