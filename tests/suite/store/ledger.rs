//! Budgets: never beyond the limit, whatever runs at once and whoever is killed.

use relais::model::{Period, Unit, Usage};
use relais::store::{BudgetUsage, Reservation, Spending, Store};

use super::backend::{Backend, promises};
use super::world::at;

promises!(
    sets_aside_up_to_the_limit_and_not_one_more,
    what_is_not_used_is_free_again,
    what_a_killed_worker_had_stays_set_aside,
    at_once_no_more_is_set_aside_than_there_is,
    engines_units_and_periods_are_apart,
    what_was_spent_is_told_by_day,
    a_budget_that_is_made_later_counts_what_was_used_before,
    what_was_spent_before_there_was_a_budget_is_told,
);

fn of(amount: u64) -> Reservation {
    Reservation {
        engine: "deepl".to_owned(),
        unit: Unit::Characters,
        per: Period::Month,
        since: Period::Month.start(at(0)),
        amount,
    }
}

fn work(texts: u64, characters: u64) -> Spending {
    Spending {
        engine: "deepl".to_owned(),
        day: Period::Day.start(at(0)),
        texts,
        used: Usage { characters, ..Usage::default() },
        money: characters * 20,
    }
}

async fn reserve(store: &Store, amount: u64) -> bool {
    store.reserve_budget(&of(amount), 100).await.expect("a budget can be asked")
}

async fn standing(store: &Store) -> BudgetUsage {
    let Reservation { engine, unit, per, since, .. } = of(0);
    store.load_budget_usage(&engine, unit, per, since).await.expect("a standing")
}

async fn sets_aside_up_to_the_limit_and_not_one_more(backend: &Backend) {
    let store = backend.open().await;
    assert!(!reserve(&store, 101).await, "more than all there is");
    assert!(reserve(&store, 60).await);
    assert!(!reserve(&store, 41).await);
    assert!(reserve(&store, 40).await);
    assert!(!reserve(&store, 1).await);
    assert!(reserve(&store, 0).await);
    assert_eq!(standing(&store).await, BudgetUsage { reserved: 100, spent: 0 });
}

async fn what_is_not_used_is_free_again(backend: &Backend) {
    let store = backend.open().await;
    assert!(reserve(&store, 100).await);
    store.settle_spending(&work(1, 70), Some((&of(100), 70))).await.expect("settled");
    assert_eq!(standing(&store).await, BudgetUsage { reserved: 0, spent: 70 });
    assert!(!reserve(&store, 31).await);
    assert!(reserve(&store, 30).await);
}

async fn what_a_killed_worker_had_stays_set_aside(backend: &Backend) {
    let store = backend.open().await;
    assert!(reserve(&store, 90).await);
    drop(store);
    let store = backend.open().await;
    assert!(!reserve(&store, 11).await);
    assert!(reserve(&store, 10).await);
}

async fn at_once_no_more_is_set_aside_than_there_is(backend: &Backend) {
    let stores = match backend {
        Backend::Sqlite(_) => vec![backend.open().await],
        Backend::Postgres(_) => vec![backend.open().await, backend.open().await, backend.open().await],
    };
    let workers = (0..60_usize).map(|n| {
        let store = &stores[n % stores.len()];
        async move {
            let amount = 1 + n as u64 % 7;
            if !reserve(store, amount).await {
                return 0;
            }
            if n % 3 == 0 {
                return amount; // killed: it never settles
            }
            let spent = amount - n as u64 % 2;
            store.settle_spending(&work(1, spent), Some((&of(amount), spent))).await.expect("settled");
            spent
        }
    });
    let taken: u64 = futures::future::join_all(workers).await.into_iter().sum();
    let BudgetUsage { reserved, spent } = standing(&stores[0]).await;
    assert_eq!(reserved + spent, taken);
    assert!(taken <= 100, "{taken}");
    for _ in taken..100 {
        assert!(reserve(&stores[0], 1).await, "what is free is given");
    }
    assert!(!reserve(&stores[0], 1).await);
}

async fn engines_units_and_periods_are_apart(backend: &Backend) {
    let store = backend.open().await;
    assert!(reserve(&store, 100).await);
    let others = [
        Reservation { engine: "azure".to_owned(), ..of(100) },
        Reservation { unit: Unit::Money, ..of(100) },
        Reservation { per: Period::Day, ..of(100) },
        Reservation { since: Period::Month.end(at(0)), ..of(100) },
    ];
    for other in &others {
        assert!(store.reserve_budget(other, 100).await.expect("a budget can be asked"), "{other:?}");
        assert!(!store.reserve_budget(other, 100).await.expect("a budget can be asked"), "{other:?}");
    }
}

async fn what_was_spent_is_told_by_day(backend: &Backend) {
    let store = backend.open().await;
    let next = Spending { day: Period::Day.end(at(0)), ..work(1, 5) };
    for done in [work(2, 10), work(3, 20), next.clone(), work(0, 0)] {
        store.settle_spending(&done, None).await.expect("settled");
    }
    assert_eq!(store.load_spending(at(-1_000_000)).await.expect("spending"), [work(5, 30), next.clone()]);
    assert_eq!(store.load_spending(next.day).await.expect("spending"), [next]);
}

async fn a_budget_that_is_made_later_counts_what_was_used_before(backend: &Backend) {
    let store = backend.open().await;
    let month = Period::Month.start(at(0));
    let before = Spending { day: Period::Day.start(month.plus(std::time::Duration::ZERO)), ..work(1, 10) };
    let long_before = Spending { day: Period::Day.start(relais::model::Time::from_millis(month.millis() - 1)), ..work(1, 7000) };
    let tokens = Spending { used: Usage { characters: 20, tokens_in: 3, tokens_out: 4, tokens_cached: 0 }, ..work(1, 0) };
    let other = Spending { engine: "azure".to_owned(), ..work(1, 9000) };
    for done in [&before, &long_before, &tokens, &other] {
        store.settle_spending(done, None).await.expect("settled");
    }
    assert!(!reserve(&store, 71).await, "30 of 100 characters were used in this month");
    assert!(reserve(&store, 70).await);
    assert_eq!(standing(&store).await, BudgetUsage { reserved: 70, spent: 30 });
    let of_tokens = Reservation { unit: Unit::Tokens, ..of(94) };
    assert!(!store.reserve_budget(&of_tokens, 100).await.expect("a budget can be asked"));
    assert!(store.reserve_budget(&Reservation { amount: 93, ..of_tokens }, 100).await.expect("a budget can be asked"));
    let money = Reservation { unit: Unit::Money, ..of(1) };
    assert!(!store.reserve_budget(&money, 200).await.expect("a budget can be asked"), "10 characters cost 200");
    assert!(store.reserve_budget(&money, 201).await.expect("a budget can be asked"));
}

async fn what_was_spent_before_there_was_a_budget_is_told(backend: &Backend) {
    let store = backend.open().await;
    assert_eq!(standing(&store).await, BudgetUsage::default());
    store.settle_spending(&work(2, 70), None).await.expect("settled");
    assert_eq!(standing(&store).await, BudgetUsage { reserved: 0, spent: 70 });
    assert!(!reserve(&store, 31).await && reserve(&store, 30).await);
    assert_eq!(standing(&store).await, BudgetUsage { reserved: 30, spent: 70 });
}
