-- Which share of all signalements' texts holds each word, as the server's statistics know it: 0 for
-- what is rare. Words of grammar are left out. The word numbered `beginning` (from 1; 0 for none)
-- may be the beginning of others.
-- Parameters: words, in the order asked; language, a text search configuration; beginning.
-- Reads the statistics of one column, never a row.
with asked as (
    select
        word.n,
        stem
    from unnest(cast(:words as text[])) with ordinality as word (said, n)
    cross join lateral
        unnest(tsvector_to_array(to_tsvector(cast(:language as regconfig), word.said))) as stem
),

often as (
    select
        held.stem,
        held.share
    from pg_stats
    cross join lateral
        unnest(
            cast(cast(most_common_elems as text) as text []), most_common_elem_freqs
        ) as held (stem, share)
    where
        schemaname = current_schema()
        and tablename = 'signalement'
        and attname = 'words'
        and held.stem is not null
),

found as (
    select
        asked.n,
        coalesce(sum(often.share), 0) as share
    from asked
    left join often
        on
            asked.stem = often.stem
            or (asked.n = :beginning and starts_with(often.stem, asked.stem))
    group by asked.n, asked.stem
)

select
    n,
    min(share) as share
from found
group by n
