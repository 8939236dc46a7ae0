-- The reason for the time of the next visit; nothing where an older relais decided it.
alter table source add column due_reason text;  -- model::DueReason

-- What visits to a source came to, by day (UTC), for the status page: kept as long as outcomes.
create table visit_day (
    source  text not null,
    day     integer not null,               -- its first millisecond since 1970
    visits  integer not null,
    failed  integer not null,               -- of the visits
    entries integer not null,               -- new ones
    primary key (source, day)
) without rowid;
