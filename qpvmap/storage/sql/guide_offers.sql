-- Offers of a territory's guide, those that best answer some words first; among equals, those that one
-- knows how to reach, then those for everybody.
-- Parameters: territory_id; words (folded, none: all) and how far each is trusted (less when it
-- stands for a mistyped one); commune, theme, public, cost ('' for any), language (folded, '' for
-- any). Of a rare word, an offer that has it counts more. What has less than `least` of what the
-- words weigh is left out. Index: ix_guide_offer_search.
with wanted as materialized (
    select
        typed.word,
        typed.trust,
        websearch_to_tsquery('french', typed.word) as query,
        case
            when length(typed.word) >= 4 then to_tsquery('simple', typed.word || ':*')
            else ''::tsquery
        end as beginning
    from unnest(cast(:words as text []), cast(:trusts as float [])) as typed (word, trust)
),

matched as (
    select
        wanted.word,
        offer.id,
        wanted.trust,
        case
            when wanted.query <> ''::tsquery and offer.search @@ wanted.query
                then 0.4 + 0.6 * ts_rank('{0.05, 0.3, 0.4, 1.0}', offer.search, wanted.query)
            else 0.3 + 0.2 * ts_rank('{0.05, 0.3, 0.4, 1.0}', offer.search, wanted.beginning)
        end as strength
    from wanted
    inner join guide_offer as offer on offer.search @@ (wanted.query || wanted.beginning)
    inner join guide_structure as structure on offer.structure_id = structure.id
    where
        structure.territory_id = :territory_id
        and structure.removed_at is null
        and offer.removed_at is null
),

weights as (
    select
        word,
        max(trust) * ln(1 + (select count(distinct id) from matched)::float / count(*)) as weight
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

select offer.id
from guide_offer as offer
inner join guide_structure as structure on offer.structure_id = structure.id
left join scored on offer.id = scored.id
where
    structure.territory_id = :territory_id
    and structure.removed_at is null
    and offer.removed_at is null
    and (
        cardinality(cast(:words as text [])) = 0
        or scored.found >= :least * (select sum(weight) from weights)
    )
    and (:commune = '' or structure.insee_code in (:commune, ''))
    and (:theme = '' or offer.theme = :theme)
    and (:cost = '' or offer.cost = :cost)
    and (:language = '' or lower(offer.languages) like '%' || :language || '%')
    and (
        :public = ''
        or :public = any (offer.publics)
        or ('all' = any (offer.publics) and :public <> 'all')
    )
order by
    round(coalesce(scored.score, 0)::numeric, 2) desc,
    (cardinality(cast(:words as text [])) > 0 and structure.phone || structure.address <> '') desc,
    (cardinality(cast(:words as text [])) > 0 and 'all' = any (offer.publics)) desc,
    structure.name,
    offer.position,
    offer.id
