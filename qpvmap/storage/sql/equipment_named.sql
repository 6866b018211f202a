-- The equipment of some communes whose name is like a name that is given, or holds it.
-- Parameters: name; communes; alike, 0 to 1; max_rows.
with wanted as (
    select lower(unaccent(translate(:name, '’-', '  '))) as plain
),

known as (
    select
        equipment.*,
        lower(unaccent(translate(equipment.name, '’-', '  '))) as plain
    from equipment
    where equipment.insee_code = any(:communes)
),

alike as (
    select
        known.*,
        greatest(
            similarity(known.plain, wanted.plain),
            word_similarity(known.plain, wanted.plain) * 0.95,
            word_similarity(wanted.plain, known.plain) * 0.95
        ) as likeness
    from known
    cross join wanted
)

select
    id,
    name,
    detail,
    address,
    source,
    st_x(location) as lon,
    st_y(location) as lat
from alike
where likeness >= :alike
order by likeness desc, id
limit :max_rows;
