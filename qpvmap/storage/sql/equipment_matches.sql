-- Pairs of equipments of two sources, of one theme, that may be one place: near and alike by name.
-- They are written as proposals, unless they were proposed before. The first of a pair is the one
-- that knows more: an address, then an exact position, then the older row.
-- Parameters: territory_id; near_m and alike, far_m and same_name. Index: ix_equipment_location.
with mine as (
    select
        equipment.*,
        lower(unaccent(translate(equipment.name, '’-', '  '))) as plain,
        (equipment.address <> '')::int * 2 + (equipment.position_quality = 'exact')::int as known
    from territory
    cross join lateral unnest(territory.insee_codes) as commune (code)
    inner join equipment on commune.code = equipment.insee_code
    where territory.id = :territory_id
),

pairs as (
    select
        one.id as one_id,
        other.id as other_id,
        one.known as one_known,
        other.known as other_known,
        st_distance(one.location::geography, other.location::geography) as distance_m,
        greatest(
            similarity(one.plain, other.plain),
            word_similarity(one.plain, other.plain) * 0.95,
            word_similarity(other.plain, one.plain) * 0.95
        ) as similarity
    from mine as one
    inner join mine as other
        on
            one.id < other.id
            and one.source <> other.source
            and one.theme = other.theme
            -- a station of bicycles bears the name of the station of trains beside it
            and (
                one.kind = other.kind
                or (one.kind not in ('gare', 'velib') and other.kind not in ('gare', 'velib'))
            )
            and st_expand(one.location, 0.004) && other.location
)

insert into equipment_match (territory_id, first_id, second_id, distance_m, similarity)
select
    :territory_id,
    case when one_known >= other_known then one_id else other_id end,
    case when one_known >= other_known then other_id else one_id end,
    distance_m,
    similarity
from pairs
where
    (
        (distance_m <= :near_m and similarity >= :alike)
        or (distance_m <= :far_m and similarity >= :same_name)
    )
    and not exists (
        select
        from equipment_match as former
        where
            former.territory_id = :territory_id
            and least(former.first_id, former.second_id) = one_id
            and greatest(former.first_id, former.second_id) = other_id
    )
returning id
