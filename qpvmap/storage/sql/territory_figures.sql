-- Every figure of a territory's places, signed or published.
-- Parameters: territory_id; period and place_code, null for any.
-- Index: ix_indicator_value_place_kind_place_code, by ranges of codes.
with communes as (
    select unnest(territory.insee_codes) as code
    from territory where territory.id = :territory_id
),

places as (
    select
        'iris' as kind,
        communes.code || '0000' as first_code,
        communes.code || '9999' as last_code
    from communes
    union all
    select
        'commune',
        communes.code,
        communes.code
    from communes
    union all
    select
        'qpv',
        quarter.code,
        quarter.code
    from territory
    cross join unnest(territory.qpv_codes) as quarter (code)
    where territory.id = :territory_id
)

select
    indicator.key,
    indicator.title,
    indicator.unit,
    figure.series,
    figure.place_kind,
    figure.place_code,
    figure.vintage as period,
    figure.value,
    figure.suppressed as withheld
from places
inner join indicator_value as figure
    on
        figure.place_kind = places.kind
        and figure.place_code between places.first_code and places.last_code
inner join indicator on figure.indicator_key = indicator.key
where
    (cast(:period as integer) is null or figure.vintage = cast(:period as integer))
    and (cast(:place_code as text) is null or figure.place_code = cast(:place_code as text))
order by figure.place_kind, figure.place_code, indicator.position, figure.series, figure.vintage
