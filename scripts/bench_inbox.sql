-- A million invented signalements on the pilot territory, the same at each run.
-- 4 000 places are drawn around the quarter, twice as thick near it; each row takes one, some
-- places far more than others. One in twelve is still open, most of those recent; the text is
-- made of words whose frequencies go from one in ten to one in some thousands, and of some that
-- all texts hold; the address is in one of sixty streets, some far more often than others.
-- A million in four communes would lie by the thousand at one street corner: each keeps the
-- codes of its place, and its point is moved by up to 25 km, as thick as a region's are.
-- Parameters: none; the number of rows is in `bench.rows`. EPSG:4326. No index is relied on.
select setseed(0.92);

create temporary table spot as
with drawn as (
    select
        n,
        2.3005 + (random() + random() + random() - 1.5) * 0.024 as lon,
        48.7848 + (random() + random() + random() - 1.5) * 0.018 as lat
    from generate_series(1, 6000) as n
),

placed as (
    select
        drawn.n,
        st_setsrid(st_makepoint(drawn.lon, drawn.lat), 4326) as place
    from drawn
)

select
    row_number() over (order by placed.n) as n,
    placed.place,
    commune.insee_code,
    iris.code as iris_code,
    qpv.code as qpv_code,
    qpv.vintage as qpv_vintage,
    st_contains(qpv.perimeter, placed.place) as inside,
    st_distance(qpv.perimeter::geography, placed.place::geography) as distance_m
from placed
inner join commune on st_contains(commune.perimeter, placed.place)
left join iris on st_contains(iris.perimeter, placed.place)
cross join lateral (
    select
        code,
        vintage,
        perimeter
    from qpv
    order by vintage desc, perimeter <-> placed.place
    limit 1
) as qpv;

create temporary table kind as
select
    category.id,
    category.territory_id,
    category.nature,
    row_number() over (order by category.position, category.id) - 1 as n
from category;

create temporary table crew as
select
    team.id,
    row_number() over (order by team.id) - 1 as n
from team;

create temporary table word as
select
    said,
    n
from unnest(array[
    'Lampadaire éteint', 'Canapé et matelas abandonnés', 'Trou dans le trottoir', 'Sacs éventrés',
    'Branche cassée', 'Banc descellé', 'Fuite d’eau', 'Graffitis sur le mur', 'Caddie renversé',
    'Chaussée défoncée', 'Poubelles qui débordent', 'Grille arrachée'
]) with ordinality as words (said, n);

create temporary table street as
select
    n,
    case
        when n = 1 then 'rue des Blagis'
        else
            case n % 5
                when 0 then 'avenue '
                when 1 then 'allée '
                else 'rue '
            end
            || (array[
                'Jean Jaurès', 'du Bois', 'de la Fontaine', 'Paul Langevin', 'des Tilleuls',
                'du Général Leclerc', 'Marie Curie', 'des Bas Longchamps', 'Victor Hugo', 'du Port'
            ])[1 + n % 10]
            || case when n > 10 then ' ' || chr(64 + n / 10) || 'ord' else '' end
    end as named
from generate_series(1, 60) as n;

create temporary table filed as
select
    n,
    1 + floor(power(random(), 2) * (select count(*) from spot))::bigint as spot,
    floor(power(random(), 1.6) * (select count(*) from kind))::bigint as kind,
    1 + floor(power(random(), 1.5) * 12)::bigint as word,
    1 + floor(power(random(), 1.3) * 60)::bigint as street,
    random() as standing,
    random() as age,
    random() as rare,
    random() as east,
    random() as north
from generate_series(1, current_setting('bench.rows')::bigint) as n;

alter table signalement disable trigger keep_search_words;

insert into signalement (
    territory_id, client_id, reference, category_id, nature, status, outcome, team_id,
    routing_ground, description, address, location, accuracy_m, position_method, insee_code,
    iris_code, qpv_code, qpv_vintage, inside_qpv, qpv_distance_m, share_inside, captured_at,
    created_at, updated_at, acknowledge_due_at, due_at, counted_from, assignee_id,
    has_photo, is_demo
)
select
    kind.territory_id,
    gen_random_uuid(),
    'BL-' || extract(year from dated.at) || '-' || lpad(filed.n::text, 7, '0'),
    kind.id,
    kind.nature,
    standing.status,
    case when standing.status in ('resolved', 'closed') then 'done' end,
    crew.id,
    'commune_and_category',
    word.said
    || case when filed.rare < 0.0003 then ', un réverbère clignote' else '' end
    || ', devant le ' || (filed.n % 90) || ' de la rue',
    (filed.n % 140) || ' ' || street.named,
    st_translate(
        spot.place, (filed.east - 0.5) * 0.5, (filed.north - 0.5) * 0.5
    ),
    8,
    'gps',
    spot.insee_code,
    spot.iris_code,
    spot.qpv_code,
    spot.qpv_vintage,
    spot.inside,
    spot.distance_m,
    case when spot.inside then 1 when spot.distance_m < 8 then 0.3 else 0 end,
    dated.at,
    dated.at,
    least(now(), dated.at + filed.age * interval '40 days'),
    dated.at + interval '2 days',
    dated.at + (3 + filed.n % 28) * interval '1 day',
    dated.at,
    case when filed.n % 3 = 0 then someone.id end,
    filed.n % 5 < 3,
    true
from filed
inner join spot on filed.spot = spot.n
inner join kind on filed.kind = kind.n
inner join word on filed.word = word.n
inner join street on filed.street = street.n
cross join lateral (
    select
        case
            when filed.standing < 0.58 then 'closed'
            when filed.standing < 0.915 then 'resolved'
            when filed.standing < 0.93 then 'new'
            when filed.standing < 0.933 then 'reopened'
            when filed.standing < 0.95 then 'acknowledged'
            when filed.standing < 0.965 then 'scheduled'
            when filed.standing < 0.982 then 'in_progress'
            when filed.standing < 0.996 then 'waiting'
            else 'to_arbitrate'
        end as status
) as standing
cross join lateral (
    select
        now() - filed.age * case
            when standing.status in ('closed', 'resolved') then interval '2900 days'
            else interval '150 days'
        end as at
) as dated
inner join crew on crew.n = (filed.kind * 5 + filed.spot % 3) % (select count(*) from crew)
cross join lateral (select account.id from account order by account.id limit 1) as someone
order by dated.at;

insert into search_word (word)
select distinct stem
from signalement
cross join lateral unnest(tsvector_to_array(words)) as stem
where
    nature = 'technique'
    and stem ~ '^[a-z]{3,40}$';

alter table signalement enable trigger keep_search_words;
