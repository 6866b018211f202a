-- Where the map of a territory opens, and what it stays around.
-- Parameters: territory_id. EPSG:4326. No row when the territory has no commune yet.
with communes as (
    select st_extent(commune.perimeter) as box
    from commune
    inner join territory on commune.insee_code = any (territory.insee_codes)
    where territory.id = :territory_id
),

quarters as (
    select st_extent(qpv.perimeter) as box
    from qpv
    inner join territory on qpv.code = any (territory.qpv_codes)
    where territory.id = :territory_id
),

boxes as (
    select
        communes.box as whole,
        coalesce(quarters.box, communes.box) as home
    from communes, quarters
)

select
    st_xmin(whole) as west,
    st_ymin(whole) as south,
    st_xmax(whole) as east,
    st_ymax(whole) as north,
    st_xmin(home) as home_west,
    st_ymin(home) as home_south,
    st_xmax(home) as home_east,
    st_ymax(home) as home_north
from boxes
where whole is not null
