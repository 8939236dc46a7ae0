-- How often the entries of a source have changed: by this a run sees that nothing has since an edition was published.
alter table source add column entry_changes integer not null default 0;

-- Changes that belong to no visit: those of retention and of corrected clocks ('entries'), and translations ('renditions LANG').
create table change_counter (
    name    text not null primary key,
    changes integer not null
) without rowid;
