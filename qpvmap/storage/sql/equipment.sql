-- Equipment of a territory: in its communes, or within 1 500 m of its quarter; what somebody said to
-- be another's double is left out. The nearest to the quarter first.
-- Parameters: territory_id; theme, commune, words ('' for any); west, south, east, north (null for
-- everywhere); start, max_rows. EPSG:4326, metres on the ellipsoid.
-- Indexes: ix_equipment_insee_code, ix_equipment_location, ix_equipment_match_second_id.
with quarter as (
    select st_union(qpv.perimeter)::geography as ground
    from qpv
    inner join territory on qpv.code = any (territory.qpv_codes)
    where territory.id = :territory_id
),

-- worked out once: a buffer takes milliseconds, and there are thousands of places
around as materialized (
    select st_buffer(quarter.ground, 1500)::geometry as shape
    from quarter
),

wanted as (
    select equipment.id
    from territory
    cross join lateral unnest(territory.insee_codes) as commune (code)
    inner join equipment on commune.code = equipment.insee_code
    where territory.id = :territory_id
    union
    select equipment.id
    from around
    inner join equipment on st_intersects(around.shape, equipment.location)
)

select
    equipment.id,
    equipment.name,
    equipment.theme,
    equipment.kind,
    equipment.detail,
    equipment.address,
    equipment.insee_code,
    equipment.iris_code,
    equipment.source,
    equipment.vintage,
    equipment.opening_hours,
    equipment.access,
    equipment.position_quality,
    equipment.position_score,
    st_x(equipment.location) as lon,
    st_y(equipment.location) as lat,
    st_distance(equipment.location::geography, quarter.ground) as distance_m
from equipment
inner join wanted on equipment.id = wanted.id
cross join quarter
where
    not exists (
        select
        from equipment_match as match
        where
            match.second_id = equipment.id
            and match.territory_id = :territory_id
            and match.state = 'same'
    )
    and (:theme = '' or equipment.theme = :theme)
    and (:commune = '' or equipment.insee_code = :commune)
    and (
        :words = ''
        or strpos(lower(unaccent(equipment.name)), lower(unaccent(:words))) > 0
        or word_similarity(lower(unaccent(:words)), lower(unaccent(equipment.name))) >= 0.6
    )
    and (
        cast(:west as double precision) is null
        or equipment.location && st_makeenvelope(:west, :south, :east, :north, 4326)
    )
order by distance_m, equipment.id
offset :start
limit :max_rows
