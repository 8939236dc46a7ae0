-- A hash of what readers are told of a source: its title and link, and whether it works.
alter table source add column shown integer not null default 0;
-- 1 if nothing of a rendition could be translated.
alter table rendition add column is_left integer not null default 0;
