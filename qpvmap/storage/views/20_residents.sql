-- Where the residents of a territory live, as points that each stand for some of them: every 50 m or
-- so in its communes, every 20 m in its quarter (scope 'qpv').
-- Parameters: territory_id. EPSG:4326.
-- The people of a square of INSEE's grid (newest edition) are spread evenly over its ground, in each
-- commune that the squares cover (at least half of its known population). Elsewhere those of an IRIS
-- (the census's, else the contract's) are, and what is left of a commune's population is spread over
-- its IRIS whose own is not known. `basis` tells which: square or imputed (a square whose figures INSEE
-- estimated), iris, commune. A piece of ground too small for the grid keeps its people on one point.
-- `step` is the side of the ground that a point stands for, in degrees.
-- Indexes: ix_iris_insee_code, ix_grid_cell_perimeter.
create function derived.residents(territory_id bigint)
returns table (
    scope text,
    place text,
    basis text,
    people float8,
    households float8,
    step float8,
    location geometry
)
language sql stable
set search_path = public
as $$
with ours as (
    select t.insee_codes, t.qpv_codes from territory as t where t.id = residents.territory_id
),

quarter as (
    select st_union(qpv.perimeter) as shape
    from qpv
    inner join ours on qpv.code = any (ours.qpv_codes)
    where qpv.vintage = (select max(qpv.vintage) from qpv where qpv.perimeter is not null)
),

blocks as (
    select distinct on (iris.code)
        iris.code,
        iris.insee_code,
        iris.perimeter,
        st_area(iris.perimeter) as area
    from iris
    inner join ours on iris.insee_code = any (ours.insee_codes)
    order by iris.code asc, iris.vintage desc
),

communes as (
    select distinct on (commune.insee_code)
        commune.insee_code,
        commune.population,
        commune.perimeter
    from commune
    inner join ours on commune.insee_code = any (ours.insee_codes)
    order by commune.insee_code asc, commune.vintage desc
),

counted as (
    select distinct on (blocks.code)
        blocks.code,
        blocks.insee_code,
        value.value as population
    from blocks
    inner join indicator_value as value
        on
            value.place_kind = 'iris'
            and value.place_code = blocks.code
            and value.indicator_key in ('rp_population', 'population')
    where value.value is not null
    order by blocks.code asc, value.indicator_key desc, value.vintage desc, value.series desc
),

cells as (
    select
        communes.insee_code,
        cell.people,
        cell.households,
        cell.imputed,
        st_area(cell.perimeter) as area,
        st_collectionextract(st_intersection(cell.perimeter, communes.perimeter), 3) as shape
    from communes
    inner join grid_cell as cell on st_intersects(communes.perimeter, cell.perimeter)
    where
        cell.people > 0
        and cell.vintage = (
            select max(newest.vintage)
            from communes
            inner join grid_cell as newest on st_intersects(communes.perimeter, newest.perimeter)
        )
),

gridded as (
    select cells.insee_code
    from cells
    inner join communes on cells.insee_code = communes.insee_code
    group by cells.insee_code, communes.population
    having sum(cells.people * st_area(cells.shape) / cells.area) >= 0.5 * greatest(
        coalesce(communes.population, 0),
        coalesce(
            (
                select sum(counted.population)
                from counted
                where counted.insee_code = cells.insee_code
            ),
            0
        )
    )
),

left_over as (
    select
        communes.insee_code,
        greatest(communes.population - coalesce(sum(counted.population), 0), 0) as population,
        sum(blocks.area) filter (where counted.code is null) as area
    from communes
    inner join blocks on communes.insee_code = blocks.insee_code
    left join counted on blocks.code = counted.code
    group by communes.insee_code, communes.population
),

grounds as (
    select
        cells.insee_code,
        case when cells.imputed then 'imputed' else 'square' end as basis,
        cells.shape,
        cells.people / cells.area as density,
        cells.households / cells.area as household_density
    from cells
    inner join gridded on cells.insee_code = gridded.insee_code
    union all
    select
        blocks.insee_code,
        case when counted.code is null then 'commune' else 'iris' end,
        blocks.perimeter,
        coalesce(
            counted.population, left_over.population * blocks.area / nullif(left_over.area, 0)
        ) / blocks.area,
        null
    from blocks
    left join counted on blocks.code = counted.code
    left join left_over on blocks.insee_code = left_over.insee_code
    where blocks.insee_code not in (select gridded.insee_code from gridded)
),

scoped as (
    select 'commune' as scope, grounds.insee_code as place, 0.0005::float8 as step, grounds.*
    from grounds
    union all
    select
        'qpv',
        '',
        0.0002,
        grounds.insee_code,
        grounds.basis,
        st_collectionextract(st_intersection(grounds.shape, quarter.shape), 3),
        grounds.density,
        grounds.household_density
    from grounds
    inner join quarter on st_intersects(grounds.shape, quarter.shape)
),

pieces as (
    select
        row_number() over () as key,
        scoped.*,
        st_area(scoped.shape) as area
    from scoped
    where scoped.density > 0 and not st_isempty(scoped.shape)
),

points as (
    select
        pieces.*,
        coalesce(inside.point, st_pointonsurface(pieces.shape)) as location,
        count(*) over (partition by pieces.key) as shared
    from pieces
    left join lateral (
        select st_centroid(cell.geom) as point
        from st_squaregrid(pieces.step, pieces.shape) as cell
        where st_intersects(pieces.shape, st_centroid(cell.geom))
    ) as inside on true
    where pieces.area > 0
)

select
    points.scope,
    points.place,
    points.basis,
    points.density * points.area / points.shared,
    points.household_density * points.area / points.shared,
    points.step,
    points.location
from points;
$$;
