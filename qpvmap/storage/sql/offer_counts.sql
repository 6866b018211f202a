-- Job offers of a territory, counted by commune, by IRIS and by trade, the most first.
-- Parameters: territory_id; rome_code: places are counted for that trade alone, empty for all.
-- Index: uq_job_offer_territory_id_source_key.
with offers as (
    select
        job_offer.insee_code,
        job_offer.iris_code,
        job_offer.rome_code,
        job_offer.rome_label,
        job_offer.positions,
        :rome_code = '' or job_offer.rome_code = :rome_code as is_wanted
    from job_offer
    where job_offer.territory_id = :territory_id
),

counted as (
    select
        'commune' as kind,
        offers.insee_code as code,
        count(*) as offers,
        sum(offers.positions) as positions
    from offers
    where offers.is_wanted
    group by offers.insee_code
    union all
    select
        'iris',
        offers.iris_code,
        count(*),
        sum(offers.positions)
    from offers
    where offers.is_wanted and offers.iris_code is not null
    group by offers.iris_code
    union all
    select
        'rome',
        offers.rome_code,
        count(*),
        sum(offers.positions)
    from offers
    group by offers.rome_code
)

select
    counted.kind,
    counted.code,
    coalesce(
        case counted.kind
            when 'commune' then (
                select commune.name from commune
                where commune.insee_code = counted.code
                order by commune.vintage desc
                limit 1
            )
            when 'iris' then (
                select iris.name from iris
                where iris.code = counted.code
                order by iris.vintage desc
                limit 1
            )
            else (
                select max(offers.rome_label) from offers where offers.rome_code = counted.code
            )
        end,
        counted.code
    ) as name,
    counted.offers,
    cast(counted.positions as bigint) as positions
from counted
order by counted.kind asc, counted.positions desc, counted.code asc
