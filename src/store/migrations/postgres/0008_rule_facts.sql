-- What the rules of editions read of entries: made when an edition first needs it.
create table rule_facts (
    entry    bigint not null primary key,   -- model::EntryId
    revision bigint not null,                -- of the entry, when this was made
    doc      text not null                  -- model::RuleFacts
);
