-- The investment plan of a territory, commune by commune, with where each item stands to the
-- perimeters of each generation: the territory's own quarters, or, in a generation that did not
-- have them, those of its communes. The nearest counts.
-- What was measured is kept in operation_measure under a mark of the point and of the perimeters;
-- where the mark is another now, or there is none, it is measured here (is_measured says so).
-- Parameters: territory_id; code (null for the whole plan); vintages. Points are EPSG:4326;
-- distances are metres on geography, 0 inside. Indexes: unique (territory_id, code), the primary
-- key of operation_measure.
with scope as (
    select id, qpv_codes, insee_codes from territory where id = :territory_id
),

quarters as materialized (
    select
        qpv.vintage,
        qpv.code,
        qpv.name,
        qpv.perimeter::geography as shape,
        qpv.code = any (scope.qpv_codes) as own
    from qpv
    cross join scope
    where
        qpv.vintage = any (:vintages)
        and qpv.perimeter is not null
        and (
            qpv.code = any (scope.qpv_codes)
            or (
                qpv.insee_codes && scope.insee_codes
                and not exists (
                    select from qpv as its
                    where
                        its.code = any (scope.qpv_codes)
                        and its.vintage = qpv.vintage
                        and its.perimeter is not null
                )
            )
        )
),

generation as materialized (
    select
        md5(
            string_agg(
                concat_ws(' ', vintage, code, name, own, md5(st_asbinary(shape::geometry))),
                ',' order by vintage, code
            )
        ) as mark
    from quarters
)

select
    operation.id,
    marked.mark,
    kept.mark is distinct from marked.mark as is_measured,
    operation.code,
    operation.version,
    array[operation.insee_code] || operation.other_insee_codes as communes,
    operation.title,
    operation.theme,
    operation.natures,
    operation.work,
    operation.status,
    coalesce(organisation.name, operation.owner_name) as owner,
    operation.equipment_state,
    operation.equipment_name,
    coalesce(equipment.source || '/' || equipment.source_key, '') as equipment_key,
    operation.starts_on,
    operation.starts_precision,
    operation.ends_on,
    operation.ends_precision,
    operation.cost,
    operation.riots_2023,
    operation.description,
    operation.note,
    operation.address,
    st_x(operation.location) as lon,
    st_y(operation.location) as lat,
    operation.position_quality,
    funding.lines,
    dated.steps,
    coalesce(near.nearness, kept.nearness) as nearness
from operation
cross join generation
cross join lateral (
    select
        case
            when operation.location is not null
                then md5(concat(generation.mark, st_asbinary(operation.location)))
        end as mark
) as marked
left join operation_measure as kept
    on operation.id = kept.operation_id and marked.mark = kept.mark
left join organisation on operation.owner_id = organisation.id
left join equipment on operation.equipment_id = equipment.id
left join lateral (
    select known.name
    from commune as known
    where known.insee_code = operation.insee_code
    order by known.vintage desc
    limit 1
) as commune on true
left join lateral (
    select
        json_agg(
            json_build_array(
                funder.name, line.year, line.asked::text, line.agreed::text, line.paid::text, line.note
            )
            order by line.position, line.id
        ) as lines
    from funding_line as line
    inner join funder on line.funder_id = funder.id
    where line.operation_id = operation.id
) as funding on true
left join lateral (
    select
        json_agg(
            json_build_array(step.status, step.starts_on, step.starts_precision, step.note)
            order by step.position, step.id
        ) as steps
    from operation_step as step
    where step.operation_id = operation.id
) as dated on true
left join lateral (
    select
        jsonb_agg(jsonb_build_array(nearest.vintage, nearest.code, nearest.name, nearest.m, nearest.own))
            as nearness
    from (
        select distinct on (measured.vintage) measured.*
        from (
            select
                quarters.vintage,
                quarters.code,
                quarters.name,
                quarters.own,
                st_distance(operation.location::geography, quarters.shape) as m
            from quarters
            where operation.location is not null and kept.mark is null
        ) as measured
        order by measured.vintage asc, measured.m asc, measured.code asc
    ) as nearest
) as near on true
where
    operation.territory_id = :territory_id
    and operation.removed_at is null
    and (cast(:code as text) is null or operation.code = :code)
order by coalesce(commune.name, operation.insee_code) collate "fr-x-icu", operation.code
