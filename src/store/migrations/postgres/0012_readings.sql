-- What second readers have said of translations: none is read twice.
create table reading (
    key     text not null primary key,      -- model::SegmentKey::of_reading
    reader  text not null,                  -- the identity of the reader
    verdict text not null,                  -- fine, wrong or unclear
    finding text,                           -- the words of the reader
    made    bigint not null,
    used    bigint not null                -- the start of the month of the last use
);

-- An index of similar sentences: a few bands for each, which lead to rows of the memory or to corrections.
create table similar_segment (
    band    bigint not null,                -- translate::similarity_bands
    key     text not null,
    primary key (band, key)
);

-- The number of the last change of corrections that is in the index.
alter table correction_serial add column indexed bigint not null default 0;
