-- A notification of feeds.toml, and how its deliveries go.
create table outbox (
    target      text not null,          -- the folder or bucket, as in publication
    id          text not null,          -- the name of the notification
    subject     text not null,          -- the edition in one language that it is of
    plan        text not null,          -- the feeds.toml that has it
    began       bigint not null,        -- milliseconds since 1970: what is older is no news
    inputs      text not null,          -- the hash of the edition that was compared last
    seq         bigint not null,        -- the number of the last event
    state       text not null,          -- JSON: failures, the time of the next attempt, what was given up
    lease_by    text,                   -- the worker that delivers
    lease_until bigint,
    primary key (target, id)
);

-- The items that a notification has told, or need not tell.
create table outbox_item (
    target text not null,
    id     text not null,
    item   bigint not null,             -- the entry whose id the item has
    stamp  bigint not null,             -- a hash of what was told; 0: that it was withdrawn
    at     bigint not null,             -- the date of the item
    title  text not null,
    primary key (target, id, item)
);

-- The events that are to be delivered, in the order of their numbers.
create table outbox_event (
    target   text not null,
    id       text not null,
    seq      bigint not null,
    event    text not null,             -- the id that receivers know it by
    queued   bigint not null,
    refusals bigint not null,           -- how often the receiver has refused it
    doc      text not null,             -- JSON: what is sent
    primary key (target, id, seq)
);
