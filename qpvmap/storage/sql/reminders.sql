-- Promises whose team is to be reminded now, at the one step where each stands.
-- Parameters: now; one value for each body: organisation_ids, are_open, soons, openeds (of
-- core.digests.Desk); running (statuses whose clock runs); max_rows.
-- What is no emergency waits for the working hours of its body; an emergency does not.
with desk as (
    select
        asked.organisation_id,
        asked.is_open,
        asked.soon,
        asked.opened
    from
        unnest(
            cast(:organisation_ids as bigint []),
            cast(:are_open as boolean []),
            cast(:soons as timestamptz []),
            cast(:openeds as timestamptz [])
        ) as asked (organisation_id, is_open, soon, opened)
),

running as (
    select
        signalement.id,
        signalement.team_id,
        signalement.due_at,
        signalement.priority,
        signalement.created_at,
        desk.is_open,
        desk.soon,
        desk.opened,
        case
            when :now > signalement.due_at + (signalement.due_at - signalement.counted_from)
                then 'twice'
            when :now >= signalement.due_at then 'at'
            else 'before'
        end as step
    from signalement
    inner join team on signalement.team_id = team.id
    inner join desk on team.organisation_id = desk.organisation_id
    where
        signalement.status = any (cast(:running as text []))
        and signalement.clock_stopped_at is null
        and signalement.due_at <= desk.soon
        and team.email <> ''
)

select
    running.id as signalement_id,
    running.team_id,
    running.due_at,
    running.step
from running
where
    (running.is_open or running.priority = 'emergency')
    and (
        running.step <> 'before'
        or (
            running.is_open
            and running.priority <> 'emergency'
            and running.created_at < running.opened
        )
    )
    and not exists (
        select from reminder
        where
            reminder.signalement_id = running.id
            and reminder.due_at = running.due_at
            and reminder.step = running.step
    )
order by running.team_id, running.due_at, running.id
limit :max_rows
