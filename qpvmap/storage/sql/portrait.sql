-- The figures of a territory's IRIS in one series, one row for each IRIS and indicator.
-- Parameters: territory_id, series. Newest edition of each figure and of each name.
-- Index: ix_indicator_value_place_kind_place_code, by ranges of codes.
with figures as (
    select distinct on (figure.indicator_key, figure.place_code)
        figure.indicator_key,
        figure.place_code,
        figure.vintage,
        figure.value,
        figure.suppressed
    from territory
    cross join unnest(territory.insee_codes) as listed (code)
    inner join indicator_value as figure
        on
            figure.place_kind = 'iris'
            and figure.series = :series
            and figure.place_code between listed.code || '0000' and listed.code || '9999'
    where territory.id = :territory_id
    order by figure.indicator_key asc, figure.place_code asc, figure.vintage desc
)

select
    indicator.key,
    indicator.title,
    indicator.unit,
    indicator.topic,
    indicator.source,
    figures.vintage,
    figures.place_code,
    figures.value,
    figures.suppressed,
    coalesce(iris.name, figures.place_code) as iris_name,
    coalesce(commune.name, left(figures.place_code, 5)) as commune_name
from figures
inner join indicator on figures.indicator_key = indicator.key
left join lateral (
    select known.name from iris as known
    where known.code = figures.place_code
    order by known.vintage desc
    limit 1
) as iris on true
left join lateral (
    select known.name from commune as known
    where known.insee_code = left(figures.place_code, 5)
    order by known.vintage desc
    limit 1
) as commune on true
order by indicator.position, indicator.key, commune.name collate "fr-x-icu", figures.value desc
