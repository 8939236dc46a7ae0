-- The items that an edition with an archive has published, each in the document that it stays in.
create table archive_item (
    target   text not null,     -- the folder or bucket, as in publication
    stem     text not null,     -- the edition and its language: jeux.en
    item     bigint not null,   -- the entry whose id the item has
    document text not null,     -- 2026-11, or 2026-11-2 for the second of a month
    leader   bigint not null,   -- the entry that the item shows
    others   text not null,     -- the entries that it lists beside that: a JSON array
    at       bigint not null,   -- the date of the item
    added    bigint not null,   -- the time at which it was first published
    primary key (target, stem, item)
);
create index archive_document on archive_item (target, stem, document);
