-- What people translated. It comes before every engine, whatever the glossary, and no retention deletes it.
create table correction (
    key    text not null primary key,       -- model::SegmentKey::of_person
    source_lang text not null,
    target_lang text not null,
    source text not null,                   -- with marks, in canonical form
    target text,                            -- nothing once it was taken back
    origin text not null,                   -- the command or file that it came from
    made   bigint not null,
    serial bigint not null                  -- the number of the change that wrote it
);

-- The number of the last change of corrections. Whoever writes some locks this row: numbers become visible in their order.
create table correction_serial (
    id    bigint not null primary key,
    last  bigint not null
);
insert into correction_serial (id, last) values (1, 1);

-- Imported translations were kept in the memory, some under keys that depend on the glossary. Those are still looked up.
insert into correction (key, source_lang, target_lang, source, target, origin, made, serial)
    select key, source_lang, target_lang, source, target, engine, made, 1 from memory where engine like 'import:%' and target is not null;
delete from memory where engine like 'import:%';

-- The reason for which an answer was refused before the translation was accepted, or for which it is in doubt.
alter table memory add column doubt text;
-- What a check found in the refused answer, or in the first one.
alter table memory add column finding text;

-- The number of the last change of corrections that a rendition has taken into account.
alter table rendition add column corrections bigint;
