-- The official figures of a territory: of the IRIS of its communes, of these, of its quarters.
-- Parameters: territory_id, keys (indicators). One row a figure and edition; where two official
-- files give the same one, the first series by name.
-- Index: ix_indicator_value_place_kind_place_code, by ranges of codes.
with communes as (
    select unnest(territory.insee_codes) as code
    from territory where territory.id = :territory_id
),

quarters as (
    select unnest(territory.qpv_codes) as code
    from territory where territory.id = :territory_id
),

figures as (
    select figure.*
    from communes
    inner join indicator_value as figure
        on
            figure.place_kind = 'iris'
            and figure.place_code between communes.code || '0000' and communes.code || '9999'
    union all
    select figure.*
    from communes
    inner join indicator_value as figure
        on figure.place_kind = 'commune' and figure.place_code = communes.code
    union all
    select figure.*
    from quarters
    inner join indicator_value as figure
        on figure.place_kind = 'qpv' and figure.place_code = quarters.code
)

select distinct on (place_kind, indicator_key, vintage, place_code)
    place_kind,
    indicator_key,
    vintage,
    place_code,
    value
from figures
where series <> 'contract' and indicator_key = any (:keys)
order by place_kind asc, indicator_key asc, vintage asc, place_code asc, suppressed asc, series desc
