-- Take the name and the words off the solicitations that are older than their territory keeps them.
-- :now. Uses ix_solicitation_territory_id_happened_at_id.
update solicitation
set author_id = null, note = ''
from territory
where territory.id = solicitation.territory_id
  and (solicitation.author_id is not null or solicitation.note <> '')
  and solicitation.happened_at < date_trunc(
      'day',
      (cast(:now as timestamptz) at time zone 'Europe/Paris')
          - make_interval(months => territory.presence_names_months::int)
  ) at time zone 'Europe/Paris'
returning solicitation.id
