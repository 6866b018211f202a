-- Offers of a territory's guide, those that answer some words first, with how well they do.
-- Parameters: territory_id; words (folded, none: all); commune, theme, public ('' for any);
-- offer_ids (null: any). Of a rare word, an offer that has it counts more; a word that nothing has
-- is taken for a mistyped one. What has less than `least` of what the words weigh is left out.
-- Index: ix_guide_offer_search is there for larger guides; a territory has some hundred offers,
-- which are read and compared.
with wanted as (
    select
        typed.word,
        websearch_to_tsquery('french', typed.word) as query,
        to_tsquery('simple', typed.word || ':*') as beginning
    from unnest(cast(:words as text [])) as typed (word)
),

offers as (
    select
        offer.*,
        structure.insee_code,
        structure.name as structure_name
    from guide_offer as offer
    inner join guide_structure as structure on offer.structure_id = structure.id
    where
        structure.territory_id = :territory_id
        and structure.removed_at is null
        and offer.removed_at is null
),

exact as (
    select
        wanted.word,
        offers.id,
        case
            when wanted.query <> ''::tsquery and offers.search @@ wanted.query
                then 0.4 + 0.6 * ts_rank('{0.05, 0.3, 0.4, 1.0}', offers.search, wanted.query)
            else 0.4
        end as strength
    from wanted
    inner join offers
        on
            offers.search @@ wanted.query
            or (length(wanted.word) >= 4 and offers.search @@ wanted.beginning)
),

mistyped as (
    select
        wanted.word,
        offers.id,
        strict_word_similarity(wanted.word, offers.search_text) * 0.6 as strength
    from wanted
    inner join offers on strict_word_similarity(wanted.word, offers.search_text) >= 0.45
    where
        length(wanted.word) >= 4
        and not exists (select from exact where exact.word = wanted.word)
),

matched as (
    select * from exact
    union all
    select * from mistyped
),

weights as (
    select
        word,
        ln(1 + (select count(*) from offers)::float / count(*)) as weight
    from matched
    group by word
),

scored as (
    select
        matched.id,
        sum(matched.strength * weights.weight) as score,
        sum(weights.weight) as found
    from matched
    inner join weights on matched.word = weights.word
    group by matched.id
)

select
    offers.id,
    coalesce(scored.score, 0) as score
from offers
left join scored on offers.id = scored.id
where
    (
        cardinality(cast(:words as text [])) = 0
        or scored.found >= :least * (select sum(weight) from weights)
    )
    and (:commune = '' or offers.insee_code in (:commune, ''))
    and (:theme = '' or offers.theme = :theme)
    and (
        :public = ''
        or :public = any (offers.publics)
        or ('all' = any (offers.publics) and :public <> 'all')
    )
order by score desc, offers.structure_name, offers.position, offers.id
