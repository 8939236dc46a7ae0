-- Batches of requests that vendors work on, for half the price.
create table vendor_batch (
    name        text not null primary key,  -- ours, which the vendor is told
    engine      text not null,              -- its name in feeds.toml
    vendor_id   text,                       -- the vendor's name; nothing as long as it has not answered
    doc         text not null,              -- its requests, and what was reserved for them
    texts       bigint not null,
    submitted   bigint not null,
    expires     bigint,
    look_at     bigint not null,           -- the time before which the vendor is not asked
    lease_until bigint,                     -- the end of the lease of the worker that asks
    ended       bigint                      -- nothing as long as the vendor works on it
);

-- The texts in them: none is submitted twice.
create table vendor_batch_text (
    key     text not null primary key,      -- model::SegmentKey
    batch   text not null,                  -- the name of the batch
    request bigint not null,                -- its place in the batch
    state   text not null,                  -- out, answered or failed
    answer  text                            -- with marks, as the vendor gave it
);
create index vendor_batch_text_by_batch on vendor_batch_text (batch);
