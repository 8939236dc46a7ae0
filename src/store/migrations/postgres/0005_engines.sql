-- What is known of engines from one run to the next.
create table engine (
    id  text not null primary key,          -- its name in feeds.toml
    doc text not null                       -- model::EngineState
);
