-- A refusal is not for ever: how many times in a row there was one, and when it expires. Those of before have expired.
alter table memory add column refused_times integer;
alter table memory add column refused_until integer;

-- When the refused segments of a rendition may be sent again. Those of before may now.
alter table rendition add column retry_at integer;
update rendition set retry_at = 0 where lang <> '' and cast(doc -> 'made' ->> 'left' as integer) > 0;
