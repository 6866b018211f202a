-- A structure of the guide, with what it offers and where it stands to the territory's quarter.
-- Parameters: territory_id, code. Distance is metres on geography.
select
    structure.code,
    structure.name,
    structure.kind,
    structure.address,
    structure.place,
    structure.phone,
    structure.to_check,
    structure.checked_on,
    st_x(structure.location) as lon,
    st_y(structure.location) as lat,
    array(
        select offer.title
        from guide_offer as offer
        where offer.structure_id = structure.id and offer.removed_at is null
        order by offer.position, offer.id
    ) as offers,
    (
        select min(st_distance(qpv.perimeter::geography, structure.location::geography))
        from qpv
        inner join territory on qpv.code = any (territory.qpv_codes)
        where territory.id = :territory_id and qpv.perimeter is not null
    ) as distance_m
from guide_structure as structure
where
    structure.territory_id = :territory_id
    and structure.code = :code
    and structure.removed_at is null
    and structure.location is not null
