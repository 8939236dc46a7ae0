-- Slim rows are apart from the texts that belong to them: what is known of an entry is read 60 times as often as its text.
--
-- Keys of entries and pages are `bigint`, not `integer`: an `integer primary key` is where a row stands in the file, and as
-- these keys are hashes, each batch would touch all of it. (The same would come of `without rowid`.)

create table source (
    id          text not null primary key,
    due_at      integer not null,           -- all instants: milliseconds since 1970
    visited_at  integer,
    lease_by    text,
    lease_until integer
) without rowid;

create table source_state (
    id  text not null primary key,
    doc text not null                       -- model::SourceState
);

create table entry (
    id           bigint not null primary key, -- model::EntryId
    source       text not null,
    revision     integer not null,
    at           integer not null,
    first_seen   integer not null,
    lang         text,
    twin         integer,
    withdrawn_at integer,
    page         integer not null         -- where its text is
);

-- Serves the newest entries and the oldest; the last two columns so that passing over an entry does not read its row.
create index entry_newest on entry (at desc, id desc, source, withdrawn_at);

create table page (
    id  bigint not null primary key,
    doc blob not null                       -- the texts of entries that came together: store/page.rs
);

create table rendition (
    entry    integer not null,
    lang     text not null,                 -- '' is the original
    revision integer not null,              -- of the entry, when this was made
    doc      text not null,                 -- model::Original
    primary key (entry, lang)
);

create table outcome (
    source      text not null,
    at          integer not null,
    duration_ms integer not null,
    doc         text not null,              -- model::Outcome
    primary key (source, at)
) without rowid;

create table run (
    id       integer primary key autoincrement,
    started  integer not null,
    finished integer,
    report   text                           -- model::Report
);

create table publication (
    target text not null,
    name   text not null,
    doc    text not null,
    primary key (target, name)
);
