-- What tells the article of an entry, beside twin. Entries of before have neither until their source changes them.
alter table entry add column address integer;  -- model::AddressKey
alter table entry add column headline integer; -- model::HeadlineKey
