-- What second readers have said of translations: none is read twice.
create table reading (
    key     text not null primary key,      -- model::SegmentKey::of_reading
    reader  text not null,                  -- the identity of the reader
    verdict text not null,                  -- fine, wrong or unclear
    finding text,                           -- the words of the reader
    made    integer not null,
    used    integer not null               -- the start of the month of the last use
);
