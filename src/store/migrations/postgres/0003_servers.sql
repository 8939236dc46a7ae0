-- Hubs that tell of what is new in a source (WebSub), and what was agreed with them.
create table subscription (
    source   text not null primary key,
    token    text not null unique,          -- the last part of the address that the hub calls
    callback text not null,                 -- what stands before it
    hub      text not null,
    topic    text not null,
    secret   text not null,                 -- what the hub signs with
    asked    bigint not null,        -- when it was last asked
    failures bigint not null,        -- how often it was asked since it last agreed
    until    bigint,                 -- when its agreement ends
    lease    bigint,                 -- for how long it agreed
    reason   text                           -- why it did not
);

-- What hosts ask of programs (robots.txt).
create table host (
    name text not null primary key,
    at   bigint not null,            -- when it was asked
    doc  text not null                      -- model::Robots
);
