-- What each typed word may mean: known when an offer holds it or begins by it, else the words of the
-- guide that look like it, the likest first.
-- Parameters: territory_id; words (folded, letters and digits alone). Index: ix_guide_offer_search,
-- pk_guide_word. A territory has some thousand words, each compared once.
select
    typed.word,
    known.is_known,
    array(
        select guide_word.word
        from guide_word
        where
            not known.is_known
            and length(typed.word) >= 4
            and guide_word.territory_id = :territory_id
            and similarity(guide_word.word, typed.word) > 0.2
        order by similarity(guide_word.word, typed.word) desc, guide_word.word
        limit 12
    ) as alike
from unnest(cast(:words as text [])) as typed (word)
cross join lateral (
    select exists(
        select
        from guide_offer as offer
        inner join guide_structure as structure on offer.structure_id = structure.id
        where
            offer.search
            @@ (
                websearch_to_tsquery('french', typed.word)
                || case
                    when length(typed.word) >= 4 then to_tsquery('simple', typed.word || ':*')
                    else ''::tsquery
                end
            )
            and offer.removed_at is null
            and structure.removed_at is null
            and structure.territory_id = :territory_id
    ) as is_known
) as known
