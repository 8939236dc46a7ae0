//! Makes the figures of an estimate from the course of a run.

use std::collections::BTreeMap;

use super::super::cost;
use super::super::engine_handle::EngineHandle;
use super::engine_terms::{Candidate, EngineTerms};
use super::forecast::{Expectation, Forecast, Owner};
use crate::config::Edition;
use crate::model::{BudgetEstimate, EditionEstimate, EngineEstimate, Estimate, EstimatedWork, Range, Unit, Usage};

/// Texts and their usage.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    texts: u64,
    used: Usage,
    /// Of this, what is submitted in batches.
    used_in_batches: Usage,
}

impl Work {
    fn add(&mut self, texts: u64, used: Usage) {
        self.texts += texts;
        self.used += used;
    }

    fn add_candidate(&mut self, candidate: &Candidate, texts: u64, used: Usage) {
        self.add(texts, used);
        if candidate.is_for_batch {
            self.used_in_batches += used;
        }
    }

    /// Returns what it costs, in millionths.
    fn cost(&self, terms: &EngineTerms) -> u64 {
        let batched = self.used_in_batches.min(self.used);
        terms.price.cost_of(self.used.without(batched)) + terms.price.batch_cost_of(batched)
    }

    /// Returns the figures of which none exceeds the budget.
    fn within(self, terms: &EngineTerms, most_texts: u64) -> Self {
        Self { texts: self.texts.min(most_texts), used: self.used.min(terms.ceiling().0), ..self }
    }
}

/// A row of the table in the making.
#[derive(Default)]
struct Row {
    segments: u64,
    recalled: u64,
    left: u64,
    waiting: Range<u64>,
    least: Work,
    most: Work,
}

/// The rows by edition, language and engine.
type Rows = BTreeMap<(Owner, Option<usize>), Row>;

/// Makes the estimate. `editions` are those that own the texts.
pub(super) fn make_estimate(forecast: &Forecast<'_>, engines: &[EngineHandle], editions: &[&Edition]) -> Estimate {
    let certain = forecast.certain();
    let reachable = forecast.reachable(&certain);
    let ends = vec![End::default(); forecast.jobs.len()];
    let mut sums = Sums { forecast, rows: count_segments(forecast), ends, estimate: Estimate::default() };
    for engine in 0..engines.len() {
        sums.note_sent(engine);
    }
    for (engine, handle) in engines.iter().enumerate() {
        sums.add_engine((engine, handle), &certain[engine], &reachable[engine]);
    }
    sums.add_waiting();
    sums.add_rows(engines, editions);
    let mut estimate = sums.estimate;
    estimate.left.most += forecast.jobs.iter().filter(|job| !job.engines.is_empty()).count() as u64;
    estimate.rejected.most = estimate.sent.most;
    estimate
}

/// The course of a text through the engines.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    /// One is sent it in any case.
    is_sent: bool,
    /// One may be sent it.
    may_be_sent: bool,
}

/// The estimate in the making.
struct Sums<'f> {
    forecast: &'f Forecast<'f>,
    rows: Rows,
    /// The ends of all texts.
    ends: Vec<End>,
    estimate: Estimate,
}

impl Sums<'_> {
    /// Notes the texts that an engine is sent in any case, unless another one has translated them before.
    fn note_sent(&mut self, engine: usize) {
        let candidates = &self.forecast.candidates[engine];
        for (candidate, is_paid) in candidates.iter().zip(self.without_readings(engine).guaranteed(candidates)) {
            self.ends[candidate.job].is_sent |= is_paid && candidate.is_sure;
        }
    }

    /// Adds the work of an engine. `certain` and `reachable` are told of its candidates.
    fn add_engine(&mut self, (engine, handle): (usize, &EngineHandle), certain: &[bool], reachable: &[bool]) {
        let (terms, candidates) = (&self.forecast.terms[engine], &self.forecast.candidates[engine]);
        let (mut least, mut most, mut certain_least) = (Work::default(), Work::default(), Usage::default());
        let before_readings = self.without_readings(engine);
        for (place, is_paid) in before_readings.guaranteed(candidates).into_iter().enumerate() {
            let candidate = &candidates[place];
            let Candidate { job, askings, is_sure, .. } = *candidate;
            let row = self.rows.entry((self.forecast.jobs[job].owner, Some(engine))).or_default();
            if certain[place] && is_sure {
                certain_least += askings.least;
                if is_paid {
                    least.add_candidate(candidate, 1, askings.least);
                    row.least.add_candidate(candidate, 1, askings.least);
                }
            }
            if reachable[place] {
                most.add_candidate(candidate, askings.most_texts, askings.most);
                row.most.add_candidate(candidate, askings.most_texts, askings.most);
                self.ends[job].may_be_sent = true;
            }
        }
        let texts = terms.most_texts(candidates) + self.add_readings(engine, &mut least, &mut most);
        let most = most.within(terms, texts);
        let work = raise(range(terms, least, most), terms, candidates, certain_least);
        self.estimate.add(work);
        let currency = Some(handle.price.currency.clone()).filter(|currency| !currency.is_empty());
        self.estimate.engines.push(EngineEstimate { id: handle.id.clone(), work, currency, budget: budget(handle, terms) });
    }

    /// Returns the terms of an engine with as much left of its budget as the readings cannot take.
    fn without_readings(&self, engine: usize) -> EngineTerms {
        let mut terms = self.forecast.terms[engine].clone();
        let readings = self.forecast.readings.iter().filter(|reading| reading.engine == engine);
        let most = readings.map(|reading| reading.most).fold(Usage::default(), |sum, most| sum + most);
        terms.left = terms.left.map(|(unit, left)| (unit, left.saturating_sub(terms.amount(unit, most))));
        terms
    }

    /// Adds the readings of an engine. Nothing is sure of one with a budget. Returns the most texts that it may be sent.
    fn add_readings(&mut self, engine: usize, least: &mut Work, most: &mut Work) -> u64 {
        let terms = &self.forecast.terms[engine];
        let mut texts = 0;
        for reading in self.forecast.readings.iter().filter(|reading| reading.engine == engine && terms.is_available) {
            let row = self.rows.entry((self.forecast.jobs[reading.job].owner, Some(engine))).or_default();
            let is_sure = terms.left.is_none() && (reading.has_translation || self.ends[reading.job].is_sent);
            if let Some(used) = reading.least.filter(|_| is_sure) {
                row.least.add(1, used);
                least.add(1, used);
            }
            row.most.add(reading.most_texts, reading.most);
            most.add(reading.most_texts, reading.most);
            texts += reading.most_texts;
        }
        texts
    }

    /// Counts the segments that must wait.
    fn add_waiting(&mut self) {
        for (job, end) in self.forecast.jobs.iter().zip(&self.ends) {
            if matches!(job.expectation, Expectation::Sent | Expectation::Waiting) && job.is_new {
                let waiting = Range { least: u64::from(!end.may_be_sent), most: u64::from(!end.is_sent) };
                self.rows.entry((job.owner, job.engine)).or_default().waiting += waiting;
            }
        }
    }

    /// Adds the finished rows.
    fn add_rows(&mut self, engines: &[EngineHandle], editions: &[&Edition]) {
        for ((owner, engine), row) in &self.rows {
            self.estimate.segments_waiting += row.waiting;
            self.estimate.left += Range { least: row.left, most: row.left };
            let mut line = finish_row((*owner, *engine), row, self.forecast, (engines, editions));
            // What is certain of an engine is certain of the only line that it works for.
            let has_work = |row: &Row| row.most.texts > 0;
            let lines = self.rows.iter().filter(|((_, other), row)| other == engine && has_work(row)).count();
            if let Some(engine) = engine.filter(|_| lines == 1 && has_work(row)) {
                line.work = self.estimate.engines[engine].work;
            }
            self.estimate.editions.push(line);
        }
    }
}

/// Counts the segments of each row by what becomes of them.
fn count_segments(forecast: &Forecast<'_>) -> Rows {
    let mut rows = Rows::new();
    for job in &forecast.jobs {
        let row = rows.entry((job.owner, job.engine)).or_default();
        row.segments += 1;
        row.recalled += u64::from(job.expectation == Expectation::Recalled);
        row.left += u64::from(job.expectation == Expectation::Left);
    }
    rows
}

/// Returns the figures between the least and the most, at the prices of an engine.
fn range(terms: &EngineTerms, least: Work, most: Work) -> EstimatedWork {
    let pair = |of: fn(Usage) -> u64| Range { least: of(least.used).min(of(most.used)), most: of(most.used) };
    let money = |work: Work| work.cost(terms).min(terms.ceiling().1);
    EstimatedWork {
        sent: Range { least: least.texts, most: most.texts },
        characters: pair(|used| used.characters),
        tokens_in: pair(|used| used.tokens_in),
        tokens_out: pair(|used| used.tokens_out),
        cost: Range { least: cost::from_millionths(money(least)), most: cost::from_millionths(money(most)) },
    }
}

/// Raises the least to what a budget that ends certainly has been used up to.
fn raise(mut work: EstimatedWork, terms: &EngineTerms, candidates: &[Candidate], certain: Usage) -> EstimatedWork {
    let Some((unit, floor)) = terms.floor(candidates, certain) else { return work };
    let dearest = candidates.iter().map(|candidate| terms.amount(unit, candidate.askings.dearest)).max().unwrap_or(0);
    work.sent.least = work.sent.least.max(floor.div_ceil(dearest.max(1))).min(work.sent.most);
    let money = match unit {
        Unit::Characters => {
            work.characters.least = work.characters.least.max(floor);
            terms.price.cost_of(Usage { characters: floor, ..Usage::default() })
        }
        Unit::Tokens => 0,
        // Each request is rounded up to a millionth.
        Unit::Money => {
            let money = floor.saturating_sub(work.sent.most);
            work.characters.least = work.characters.least.max(terms.characters_for(money).unwrap_or_default());
            money
        }
    };
    work.cost.least = work.cost.least.max(cost::from_millionths(money));
    work
}

fn finish_row(
    ((edition, lang), engine): (Owner, Option<usize>),
    row: &Row,
    forecast: &Forecast<'_>,
    (engines, editions): (&[EngineHandle], &[&Edition]),
) -> EditionEstimate {
    let work = engine.map_or_else(EstimatedWork::default, |engine| {
        let terms = &forecast.terms[engine];
        let readings = forecast.readings.iter().filter(|reading| reading.engine == engine);
        let texts = terms.most_texts(&forecast.candidates[engine]) + readings.map(|reading| reading.most_texts).sum::<u64>();
        range(terms, row.least, row.most.within(terms, texts))
    });
    EditionEstimate {
        id: editions[edition].id.clone(),
        lang: editions[edition].langs[lang].clone(),
        engine: engine.map(|engine| engines[engine].id.clone()),
        segments: row.segments,
        recalled: row.recalled,
        left: row.left,
        segments_waiting: row.waiting,
        work,
    }
}

/// Returns the budget of an engine as people read it.
fn budget(handle: &EngineHandle, terms: &EngineTerms) -> Option<BudgetEstimate> {
    let (budget, (unit, left)) = (handle.budget?, terms.left?);
    let amount =
        |amount: u64| if unit == Unit::Money { cost::from_millionths(amount) } else { cost::from_millionths(amount) * 1e6 };
    Some(BudgetEstimate { unit, per: budget.per, limit: amount(budget.limit), left: amount(left) })
}
