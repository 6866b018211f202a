-- Every figure of a territory's places, signed or published.
-- Parameters: territory_id; period and place_code, null for any.
-- Index: ix_indicator_value_place_kind_place_code, by ranges of codes, before anything else.
with places as (
    select
        'iris' as kind,
        listed.code || '0000' as first_code,
        listed.code || '9999' as last_code
    from territory
    cross join unnest(territory.insee_codes) as listed (code)
    where territory.id = :territory_id
    union all
    select
        'commune',
        listed.code,
        listed.code
    from territory
    cross join unnest(territory.insee_codes) as listed (code)
    where territory.id = :territory_id
    union all
    select
        'qpv',
        listed.code,
        listed.code
    from territory
    cross join unnest(territory.qpv_codes) as listed (code)
    where territory.id = :territory_id
),

near as materialized (
    select figure.*
    from places
    cross join lateral (
        select known.*
        from indicator_value as known
        where
            known.place_kind = places.kind
            and known.place_code between places.first_code and places.last_code
        offset 0
    ) as figure
)

select
    indicator.key,
    indicator.title,
    indicator.unit,
    near.series,
    near.place_kind,
    near.place_code,
    near.vintage as period,
    near.value,
    near.suppressed as withheld
from near
inner join indicator on near.indicator_key = indicator.key
where
    (cast(:period as integer) is null or near.vintage = cast(:period as integer))
    and (cast(:place_code as text) is null or near.place_code = cast(:place_code as text))
order by near.place_kind, near.place_code, indicator.position, near.series, near.vintage
