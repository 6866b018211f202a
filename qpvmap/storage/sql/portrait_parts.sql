-- The IRIS that a quarter lies on, slivers included, and how the two share their ground.
-- Parameters: code, vintage (of the quarter). Newest edition of each IRIS and commune.
-- Areas are square metres on geography. Index: ix_iris_perimeter (gist).
with quarter as (
    select
        qpv.perimeter,
        st_area(qpv.perimeter::geography) as area_m2
    from qpv
    where qpv.code = :code and qpv.vintage = :vintage and qpv.perimeter is not null
),

blocks as (
    select distinct on (iris.code)
        iris.code,
        iris.name,
        iris.insee_code,
        iris.perimeter,
        quarter.area_m2,
        st_area(
            st_collectionextract(st_intersection(iris.perimeter, quarter.perimeter), 3)::geography
        ) as shared_m2
    from iris
    inner join quarter on st_intersects(iris.perimeter, quarter.perimeter)
    order by iris.code asc, iris.vintage desc
)

select
    blocks.code,
    blocks.name,
    blocks.insee_code,
    coalesce(commune.name, blocks.insee_code) as commune_name,
    blocks.shared_m2 / blocks.area_m2 as share_of_quarter,
    blocks.shared_m2 / st_area(blocks.perimeter::geography) as share_of_iris
from blocks
left join lateral (
    select known.name from commune as known
    where known.insee_code = blocks.insee_code
    order by known.vintage desc
    limit 1
) as commune on true
where blocks.shared_m2 > 0
order by share_of_quarter desc
