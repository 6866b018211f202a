-- Take the name of who noted them off the actions that are older than their territory keeps it.
-- :now. What was done stays. Uses ix_initiative_territory_id_day_id.
update initiative
set author_id = null
from territory
where territory.id = initiative.territory_id
  and initiative.author_id is not null
  and initiative.day < (
      (cast(:now as timestamptz) at time zone 'Europe/Paris')
          - make_interval(months => territory.presence_names_months::int)
  )::date
returning initiative.id
