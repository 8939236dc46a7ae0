-- A rendition in another language than the entry's says what it was made of; that of an original holds nothing here.
alter table rendition add column made_of bigint; -- model::MadeOf::hash
alter table rendition add column show text;       -- model::Show
alter table rendition add column stamp bigint;   -- a hash of what it says

-- Translations of segments, whoever asked for them.
create table memory (
    key     text not null primary key,      -- model::SegmentKey
    source_lang text not null,
    target_lang text not null,
    engine  text not null,                  -- its identity
    source  text not null,                  -- with marks, in canonical form
    target  text,                           -- nothing where every answer was refused
    refused text,                           -- and why
    made    bigint not null,
    used    bigint not null                -- when it was last asked for, to the month
);

create table segment_claim (
    key    text not null primary key,
    worker text not null,
    until  bigint not null
);

-- What budgets have left: the reserved is on its way, or was when its worker was killed.
create table ledger (
    engine   text not null,                 -- its name in feeds.toml
    unit     text not null,                 -- model::Unit
    per      text not null,                 -- model::Period
    since    bigint not null,              -- the beginning of the period
    reserved bigint not null,
    spent    bigint not null,
    primary key (engine, unit, per, since)
);

create table spending (
    engine     text not null,
    day        bigint not null,
    texts      bigint not null,
    characters bigint not null,
    tokens_in  bigint not null,
    tokens_out bigint not null,
    money      bigint not null,            -- millionths
    primary key (engine, day)
);
