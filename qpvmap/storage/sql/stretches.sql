-- The times spent in each sector by the rounds of a territory, cut to [:since, :until).
-- :territory_id; :team_ids (null: every team); :open_until ends those still under way.
-- Uses ix_presence_territory_id_started_at_id; no round is longer than twelve hours.
with part as (
    select presence.id, presence.team_id, presence.to_check,
           coalesce(presence.walker_id::text, presence.walker_alias::text) as walker,
           coalesce(presence.companion_id::text, presence.companion_alias::text) as companion,
           presence.others, stretch.sector_id,
           coalesce(stretch.clock_off_s, presence.end_clock_off_s) is not null as doubtful,
           stretch.started_at as since,
           least(
               lead(stretch.started_at) over (
                   partition by presence.id order by stretch.started_at
               ),
               coalesce(presence.ended_at, :open_until)
           ) as until
    from presence
    join presence_stretch as stretch on stretch.presence_id = presence.id
    where presence.territory_id = :territory_id
      and presence.cancelled_at is null
      and presence.started_at >= cast(:since as timestamptz) - interval '24 hours'
      and presence.started_at < :until
      and (cast(:team_ids as bigint[]) is null or presence.team_id = any (:team_ids))
)
select part.id, part.team_id, part.walker, part.companion, part.others, part.to_check,
       part.doubtful,
       sector.qpv_code, sector.code as sector_code, sector.name as sector_name,
       greatest(part.since, :since) as since,
       least(part.until, :until) as until
from part
join sector on sector.id = part.sector_id
where least(part.until, :until) > greatest(part.since, :since)
order by part.since, part.id
