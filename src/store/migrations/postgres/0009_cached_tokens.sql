-- Of the tokens that a language model read, those that its server had in its cache.
alter table spending add column tokens_cached bigint not null default 0;
