-- Take the names off the rounds that are older than their territory keeps them.
-- :now. In their stead, an alias drawn for one person and one local day: hours are still counted
-- once for each person, and nothing joins one day to another. Whole days go at once.
-- Uses ix_presence_territory_id_started_at_id.
with old as (
    select presence.id, presence.walker_id, presence.companion_id,
           (presence.started_at at time zone 'Europe/Paris')::date as day
    from presence
    join territory on territory.id = presence.territory_id
    where (presence.walker_id is not null or presence.companion_id is not null)
      and presence.started_at < date_trunc(
          'day',
          (cast(:now as timestamptz) at time zone 'Europe/Paris')
              - make_interval(months => territory.presence_names_months::int)
      ) at time zone 'Europe/Paris'
), people as (
    select walker_id as person, day from old where walker_id is not null
    union
    select companion_id, day from old where companion_id is not null
), aliases as materialized (
    select person, day, gen_random_uuid() as alias from people
)
update presence
set walker_id = null,
    walker_alias = coalesce(walked.alias, presence.walker_alias),
    companion_id = null,
    companion_alias = coalesce(accompanied.alias, presence.companion_alias)
from old
left join aliases as walked on walked.person = old.walker_id and walked.day = old.day
left join aliases as accompanied
    on accompanied.person = old.companion_id and accompanied.day = old.day
where presence.id = old.id
returning presence.id
