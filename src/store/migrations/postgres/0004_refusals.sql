-- A refusal is not for ever: how many times in a row there was one, and when it expires. Those of before have expired.
alter table memory add column refused_times bigint;
alter table memory add column refused_until bigint;

-- When the refused segments of a rendition may be sent again. Those of before may now.
alter table rendition add column retry_at bigint;
update rendition set retry_at = 0 where lang <> '' and cast(cast(doc as json) -> 'made' ->> 'left' as bigint) > 0;
