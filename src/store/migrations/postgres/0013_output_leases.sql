-- The worker that publishes an output, of those that share this database. A SQLite file is locked by its one worker.
create table output_lease (
    target      text not null primary key,  -- the folder or bucket, as in publication
    lease_by    text not null,
    lease_until bigint not null             -- milliseconds since 1970
);
