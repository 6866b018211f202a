-- Where job offers are, for a map: each commune of a territory with how many it has, its outline as
-- an SVG path in metres of Web Mercator (y downwards) and the frame of them all; then each IRIS that
-- has some, by a point of it. An offer that only tells its commune is in no IRIS.
-- Parameters: territory_id; rome_code: offers of that trade alone, empty for all.
-- Indexes: unique (insee_code, vintage) of commune, unique (code, vintage) of iris,
-- uq_job_offer_territory_id_source_key.
with offers as (
    select
        insee_code,
        iris_code,
        positions
    from job_offer
    where territory_id = :territory_id and (:rome_code = '' or rome_code = :rome_code)
),

communes as (
    select distinct on (commune.insee_code)
        commune.insee_code as code,
        commune.name,
        st_transform(commune.perimeter, 3857) as shape
    from commune
    inner join territory on commune.insee_code = any (territory.insee_codes)
    where territory.id = :territory_id
    order by commune.insee_code asc, commune.vintage desc
),

frame as (
    select st_expand(st_extent(shape)::geometry, 200) as box from communes
),

blocks as (
    select
        offers.iris_code as code,
        count(*) as offers,
        sum(offers.positions) as positions
    from offers
    where offers.iris_code is not null
    group by offers.iris_code
),

places as (
    select
        'commune' as kind,
        communes.code,
        communes.name,
        (select count(*) from offers where offers.insee_code = communes.code) as offers,
        (
            select coalesce(sum(offers.positions), 0) from offers
            where offers.insee_code = communes.code
        ) as positions,
        st_assvg(st_simplifypreservetopology(communes.shape, 6), 1, 0) as path,
        st_pointonsurface(communes.shape) as point
    from communes
    union all
    select
        'iris',
        blocks.code,
        newest.name,
        blocks.offers,
        blocks.positions,
        '',
        st_transform(st_pointonsurface(newest.perimeter), 3857)
    from blocks
    inner join lateral (
        select
            iris.name,
            iris.perimeter
        from iris
        where iris.code = blocks.code
        order by iris.vintage desc
        limit 1
    ) as newest on true
)

select
    places.kind,
    places.code,
    places.name,
    places.offers,
    cast(places.positions as bigint) as positions,
    places.path,
    st_x(st_transform(places.point, 4326)) as lon,
    st_y(st_transform(places.point, 4326)) as lat,
    round(st_x(places.point)) as x,
    round(-st_y(places.point)) as y,
    round(st_xmin(frame.box)) as west,
    round(-st_ymax(frame.box)) as top,
    round(st_xmax(frame.box) - st_xmin(frame.box)) as width,
    round(st_ymax(frame.box) - st_ymin(frame.box)) as height
from places
cross join frame
order by places.kind asc, places.offers desc, places.code asc
