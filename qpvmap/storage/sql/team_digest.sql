-- What teams are told of at their digest's hour: each signalement once, under its first reason.
-- Parameters, one value for each team: team_ids, sinces, untils, soons (instants); max_lines for
-- each team. What is confidential has a section and no more: it is counted, never named.
with wanted as (
    select
        asked.team_id,
        asked.since,
        asked.until,
        asked.soon
    from
        unnest(
            cast(:team_ids as bigint []),
            cast(:sinces as timestamptz []),
            cast(:untils as timestamptz []),
            cast(:soons as timestamptz [])
        ) as asked (team_id, since, until, soon)
),

happened as (
    select
        event.signalement_id,
        wanted.team_id,
        bool_or(
            event.kind = 'created'
            or (event.changes -> 'set' ->> 'team_id')::bigint = wanted.team_id
        ) as received,
        bool_or(event.kind = 'message') as answered,
        bool_or(event.to_status = 'reopened' and event.from_status <> 'reopened') as reopened,
        bool_or(
            event.to_status = 'reopened'
            and event.from_status <> 'reopened'
            and not exists (
                select from team_member
                where
                    team_member.team_id = wanted.team_id
                    and team_member.account_id = event.actor_id
            )
        ) as contested
    from wanted
    inner join event
        on
            event.at >= wanted.since
            and event.at < wanted.until
            and event.kind <> 'undone'
    inner join signalement
        on event.signalement_id = signalement.id and wanted.team_id = signalement.team_id
    group by event.signalement_id, wanted.team_id
),

owed as (
    select
        signalement.id as signalement_id,
        wanted.team_id
    from wanted
    inner join signalement on wanted.team_id = signalement.team_id
    where
        signalement.status = any (cast(:running as text []))
        and signalement.due_at <= wanted.soon
),

told as (
    select
        signalement_id,
        team_id
    from happened
    union
    select
        signalement_id,
        team_id
    from owed
),

reasons as (
    select
        signalement.*,
        case
            when signalement.status = 'reopened' and happened.contested then 1
            when signalement.status = 'reopened' and happened.reopened then 2
            when happened.answered then 3
            when
                signalement.status = any (cast(:running as text []))
                and signalement.due_at < wanted.until then 4
            when
                signalement.status = any (cast(:running as text []))
                and signalement.due_at <= wanted.soon then 5
            when
                signalement.status = any (cast(:open as text []))
                and happened.received then 6
        end as reason
    from told
    inner join wanted on told.team_id = wanted.team_id
    inner join signalement on told.signalement_id = signalement.id
    left join happened
        on told.signalement_id = happened.signalement_id and told.team_id = happened.team_id
),

ranked as (
    select
        reasons.*,
        count(*) over (partition by reasons.team_id, reasons.nature, reasons.reason) as in_section,
        row_number() over (
            partition by reasons.team_id, reasons.nature
            order by reasons.reason asc, reasons.due_at asc, reasons.id asc
        ) as rank,
        row_number() over (
            partition by reasons.team_id, reasons.nature, reasons.reason
            order by reasons.due_at asc, reasons.id asc
        ) as section_rank
    from reasons
    where reasons.reason is not null
)

select
    ranked.team_id,
    ranked.reason,
    ranked.nature,
    ranked.in_section,
    ranked.rank <= :max_lines and ranked.nature = 'technique' as is_line,
    ranked.reference,
    category.name as category,
    ranked.address,
    coalesce(commune.name, '') as commune,
    ranked.status,
    ranked.priority,
    ranked.counted_from,
    ranked.due_at
from ranked
inner join category on ranked.category_id = category.id
left join lateral (
    select commune.name
    from commune
    where commune.insee_code = ranked.insee_code
    order by commune.vintage desc
    limit 1
) as commune on true
where ranked.rank <= :max_lines or ranked.section_rank = 1
order by ranked.team_id, ranked.reason, ranked.nature, ranked.due_at, ranked.id
