-- What a phone keeps of a territory so as to say where one stands, and who keeps the ground, alone.
-- Parameters: territory_id. One row of JSON; shapes are MultiPolygon coordinates, EPSG:4326, drawn to
-- about a metre. Nothing of the rules of what is confidential: those grounds are asked of the server.
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

quarters as (
    select
        qpv.code,
        qpv.name,
        qpv.perimeter
    from qpv
    inner join territory on qpv.code = any (territory.qpv_codes)
    where qpv.vintage = (select max(vintage) from qpv) and qpv.perimeter is not null
),

places as (
    select
        operation.title as label,
        'Plan d’investissement' as detail,
        operation.location
    from operation
    inner join territory on operation.territory_id = territory.id
    where operation.position_quality <> 'approximate'
    union
    select
        equipment.name,
        case when equipment.address = '' then equipment.detail else equipment.address end,
        equipment.location
    from territory
    cross join lateral unnest(territory.insee_codes) as commune (code)
    inner join equipment on commune.code = equipment.insee_code
)

select
    (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'code', c.insee_code,
                        'name', c.name,
                        'shape', st_asgeojson(st_multi(st_simplifypreservetopology(c.perimeter, 0.00005)), 5)::jsonb -> 'coordinates'
                    )
                    order by c.insee_code
                ), '[]'::jsonb
            )
        from communes as c
    ) as communes,
    (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'code', q.code,
                        'name', q.name,
                        'shape', st_asgeojson(st_multi(st_simplifypreservetopology(q.perimeter, 0.00001)), 5)::jsonb -> 'coordinates'
                    )
                    order by q.code
                ), '[]'::jsonb
            )
        from quarters as q
    ) as quarters,
    (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'id', e.id,
                        'name', e.name,
                        'kind', e.kind,
                        'confidence', e.confidence,
                        'body', o.id,
                        'body_name', o.name,
                        'shape', st_asgeojson(st_multi(st_simplifypreservetopology(e.perimeter, 0.00001)), 5)::jsonb -> 'coordinates'
                    )
                    order by st_area(e.perimeter), e.id
                ), '[]'::jsonb
            )
        from emprise as e
        inner join organisation as o on e.organisation_id = o.id
        where e.territory_id = :territory_id and e.removed_at is null
    ) as emprises,
    (
        select
            coalesce(
                jsonb_agg(
                    jsonb_build_array(
                        p.label,
                        p.detail,
                        round(st_x(p.location)::numeric, 5),
                        round(st_y(p.location)::numeric, 5)
                    )
                    order by p.label, p.detail, st_x(p.location)
                ), '[]'::jsonb
            )
        from places as p
    ) as places
