//! The statements that insert and update rows of entries. Values that are bound one by one cost half as much as the same values
//! in JSON, where there are thousands.

use std::sync::{Arc, LazyLock};

use sqlx::Any;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

use super::encode::{EncodedPage, EntryColumns};
use super::sql::Dialect;

/// The begin and the end of the statement that inserts or updates entries.
///
/// A known entry keeps its place in time and the time at which it was first seen: feeds that touch their dates would float to
/// the top.
const UPSERT: [&str; 2] = [
    "insert into entry (id, source, revision, at, first_seen, lang, twin, address, headline, story, page) values ",
    " on conflict (id) do update set revision = excluded.revision, lang = excluded.lang, twin = excluded.twin,
                                     address = excluded.address, headline = excluded.headline, story = excluded.story,
                                     withdrawn_at = null, page = excluded.page",
];

/// The statement that SQLite tries first: it skips the entries that exist. SQLite keeps a journal of what a statement has
/// changed, in case it fails half-way, which is a fifth of its cost. A statement that may fail half-way (`or fail`) needs no
/// journal; the surrounding transaction is rolled back as a whole.
const INSERT_NEW: [&str; 2] = [
    "insert or fail into entry (id, source, revision, at, first_seen, lang, twin, address, headline, story, page) values ",
    " on conflict (id) do nothing",
];

/// The number of columns of a row.
const COLUMNS: usize = 11;

/// The numbers of entries that one statement takes: first as many as possible, then the rest.
pub(super) const BATCH_SIZES: [usize; 3] = [64, 8, 1];

/// The number of pages that one statement takes; each statement is a round trip to the database.
pub(super) const PAGES_AT_ONCE: usize = 8;

/// The id of a page tells its visit, so that a page that exists is the same.
const INSERT_PAGE: &str = "insert into page (id, doc) values ($1, $2) on conflict (id) do nothing";
const INSERT_EIGHT_PAGES: &str =
    "insert into page (id, doc) values ($1, $2), ($3, $4), ($5, $6), ($7, $8), ($9, $10), ($11, $12),
    ($13, $14), ($15, $16) on conflict (id) do nothing";

/// The statements for one batch size.
pub(super) struct EntryStatements {
    /// Inserts the entries that are new, where this is worth a try of its own.
    pub(super) insert_new: Option<&'static str>,
    /// Inserts or updates all.
    pub(super) upsert: &'static str,
}

/// Returns the statements for `BATCH_SIZES[size]` entries.
pub(super) fn entry_statements(dialect: Dialect, size: usize) -> EntryStatements {
    static SQL: LazyLock<[[String; 3]; 3]> = LazyLock::new(|| {
        // SQLite looks up the name of each parameter in a list: without names there is nothing to look up.
        [(INSERT_NEW, false), (UPSERT, false), (UPSERT, true)]
            .map(|(sql, is_numbered)| BATCH_SIZES.map(|count| with_rows(sql, count, is_numbered)))
    });
    match dialect {
        Dialect::Sqlite => EntryStatements { insert_new: Some(&SQL[0][size]), upsert: &SQL[1][size] },
        Dialect::Postgres => EntryStatements { insert_new: None, upsert: &SQL[2][size] },
    }
}

/// Writes a statement with `count` rows of parameters.
fn with_rows([begin, end]: [&str; 2], count: usize, is_numbered: bool) -> String {
    let parameter = |n: usize| if is_numbered { format!("${n}") } else { "?".to_owned() };
    let row =
        |n: usize| format!("({})", (1..=COLUMNS).map(|column| parameter(n * COLUMNS + column)).collect::<Vec<_>>().join(", "));
    format!("{begin}{}{end}", (0..count).map(row).collect::<Vec<_>>().join(", "))
}

/// Binds rows to one of the [`EntryStatements`].
pub(super) fn bind_entries<'q>(sql: &'static str, rows: &'q [&'q EntryColumns]) -> Query<'q, Any, AnyArguments> {
    rows.iter().fold(sqlx::query(sql), |query, row| {
        let query = query.bind(row.id).bind(row.source.as_str()).bind(row.revision).bind(row.at).bind(row.first_seen);
        let query = query.bind(row.lang.as_deref()).bind(row.dedup_key).bind(row.address).bind(row.headline);
        query.bind(row.story.as_deref()).bind(row.page)
    })
}

/// Returns the query that inserts one page, or [`PAGES_AT_ONCE`].
pub(super) fn insert_pages<'q>(pages: &'q [&'q EncodedPage]) -> Query<'q, Any, AnyArguments> {
    let sql = if pages.len() == PAGES_AT_ONCE { INSERT_EIGHT_PAGES } else { INSERT_PAGE };
    pages.iter().fold(sqlx::query(sql), |query, page| query.bind(page.id).bind(Arc::clone(&page.doc)))
}
