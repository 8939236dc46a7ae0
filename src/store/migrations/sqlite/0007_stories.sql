-- The fingerprint of the event that an entry is about. Entries of before have none until their source changes them.
alter table entry add column story text; -- model::StoryKey
