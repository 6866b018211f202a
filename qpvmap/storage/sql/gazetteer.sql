-- Places of a territory whose name is like some words, whatever the accents, hyphens and case,
-- or whose official code begins with them.
-- Parameters: territory_id; words (folded as names are); max_rows.
-- EPSG:4326. A territory has some hundred names: they are read and compared, best first.
with territory as (
    select id, insee_codes, qpv_codes from territory where id = :territory_id
),

communes as (
    select distinct on (commune.insee_code)
        commune.insee_code,
        commune.name,
        commune.perimeter
    from commune
    inner join territory on commune.insee_code = any (territory.insee_codes)
    order by commune.insee_code asc, commune.vintage desc
),

quarter as (
    select st_union(qpv.perimeter) as shape
    from qpv
    inner join territory on qpv.code = any (territory.qpv_codes)
),

-- worked out once: a buffer takes milliseconds, and there are thousands of places
around as materialized (
    select st_buffer(quarter.shape::geography, 1500)::geometry as shape
    from quarter
),

known as (
    select
        'commune' as kind,
        insee_code as code,
        name as label,
        'Commune' as detail,
        st_pointonsurface(perimeter) as point,
        14 as zoom,
        1 as rank,
        true as approximate
    from communes
    union all
    (
        select distinct on (iris.code)
            'iris',
            iris.code,
            iris.name,
            'IRIS, ' || communes.name,
            st_pointonsurface(iris.perimeter),
            16,
            3,
            true
        from iris
        inner join communes on iris.insee_code = communes.insee_code
        order by iris.code asc, iris.vintage desc
    )
    union all
    (
        select distinct on (qpv.code)
            'qpv',
            qpv.code,
            qpv.name,
            'Quartier prioritaire ' || qpv.vintage,
            st_pointonsurface(qpv.perimeter),
            15,
            case when qpv.code = any (territory.qpv_codes) then 0 else 2 end,
            true
        from qpv, territory
        where
            qpv.perimeter
            && (select st_setsrid(st_extent(perimeter)::geometry, 4326) from communes)
            and qpv.vintage = (select max(vintage) from qpv)
        order by qpv.code asc, qpv.vintage desc
    )
    union all
    select
        'route',
        road.name,
        road.name,
        'Route principale',
        coalesce(
            st_closestpoint(st_collect(road.line), (select shape from quarter)),
            st_pointonsurface(st_collect(road.line))
        ),
        16,
        5,
        true
    from road
    where
        road.name <> ''
        and road.line
        && (select st_setsrid(st_extent(perimeter)::geometry, 4326) from communes)
    group by road.name
    union all
    select
        'operation',
        operation.code,
        operation.title,
        'Plan d’investissement' || coalesce(', ' || communes.name, '')
        || case when operation.position_quality = 'approximate' then ', lieu approximatif' else '' end,
        operation.location,
        18,
        2,
        operation.position_quality = 'approximate'
    from operation
    inner join territory on operation.territory_id = territory.id
    left join communes on operation.insee_code = communes.insee_code
    where operation.location is not null and operation.removed_at is null
    union all
    select
        'equipement',
        equipment.id::text,
        equipment.name,
        case
            when equipment.detail = '' then 'Équipement'
            else 'Équipement, ' || equipment.detail
        end,
        equipment.location,
        18,
        4,
        false
    from equipment
    where equipment.id in (
        select near.id
        from territory
        cross join lateral unnest(territory.insee_codes) as commune (code)
        inner join equipment as near on commune.code = near.insee_code
        union
        select near.id
        from around
        inner join equipment as near on st_intersects(around.shape, near.location)
    )
),

folded as (
    select
        *,
        -- the key of an equipment is ours, and a road's is its name; three signs at least
        kind in ('commune', 'iris', 'qpv', 'operation') and length(:words) >= 3
        as is_known_by_code,
        lower(unaccent(translate(label, '’-', ''' '))) as name,
        lower(unaccent(translate(:words, '’-', ''' '))) as wanted
    from known
)

select
    kind,
    code,
    label,
    detail,
    st_x(point) as lon,
    st_y(point) as lat,
    zoom,
    approximate
from folded
where
    position(wanted in name) > 0
    or word_similarity(wanted, name) >= 0.5
    or (is_known_by_code and starts_with(lower(code), lower(:words)))
order by
    is_known_by_code and lower(code) = lower(:words) desc,
    name = wanted desc,
    starts_with(name, wanted) desc,
    position(wanted in name) > 0 desc,
    similarity(wanted, name) desc,
    rank,
    label,
    code
limit :max_rows
