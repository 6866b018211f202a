-- A piece of ground, who owns or manages it, who says so, and how surely.
-- Parameters: territory_id, code. The area is square metres on geography.
select
    emprise.code,
    emprise.name,
    emprise.kind,
    emprise.source,
    emprise.confidence,
    emprise.updated_at,
    organisation.name as body,
    st_area(emprise.perimeter::geography) as area_m2,
    st_x(st_pointonsurface(emprise.perimeter)) as lon,
    st_y(st_pointonsurface(emprise.perimeter)) as lat
from emprise
inner join organisation on emprise.organisation_id = organisation.id
where
    emprise.territory_id = :territory_id
    and emprise.code = :code
    and emprise.removed_at is null
