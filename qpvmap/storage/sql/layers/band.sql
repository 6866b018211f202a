-- The ground within 300 m of a territory's quarters, on the ellipsoid.
-- Parameters: territory_id. EPSG:4326 out, metres on geography.
select
    qpv.code as id,
    json_build_object('code', qpv.code, 'name', 'À moins de 300 m') as properties,
    st_buffer(qpv.perimeter::geography, 300)::geometry as geom
from qpv
inner join territory on qpv.code = any (territory.qpv_codes)
where
    territory.id = :territory_id
    and qpv.perimeter is not null
    and qpv.vintage = (select max(other.vintage) from qpv as other where other.code = qpv.code)
