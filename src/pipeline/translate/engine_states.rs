//! The states of the engines of a pass: read before it, decided and stored after it.

use std::collections::HashMap;

use super::engine_handle::EngineHandle;
use super::{Translate, Translated, cost};
use crate::model::{EngineCounts, EngineState};
use crate::policy::engine_health::{next_state, told_fault};
use crate::store::{OpenBatch, StoreError};

/// The states by the name of the engine.
pub(in crate::pipeline) type EngineStates = HashMap<String, EngineState>;

impl Translate<'_> {
    /// Reads the states of the engines. Those that want to be asked later rest, unless everything is due.
    pub(super) async fn load_engine_states(&self) -> Result<EngineStates, StoreError> {
        let (states, now): (EngineStates, _) = (self.store.load_engine_states().await?.into_iter().collect(), self.clock.now());
        for engine in self.engines.iter().filter(|_| !self.force) {
            let until = states.get(&engine.id).and_then(|state| state.paused_until).filter(|until| *until > now);
            if let Some(until) = until {
                engine.rest_for(until.since(now));
            }
        }
        Ok(states)
    }

    /// Decides and stores the states of the engines after a pass, and adds their work and their faults to its result.
    pub(super) async fn settle_engines(&self, states: &EngineStates, done: &mut Translated) -> Result<(), StoreError> {
        let open = self.store.list_open_batches().await?;
        for engine in self.engines {
            let before = states.get(&engine.id).cloned().unwrap_or_default();
            let state = next_state(&before, &engine.observe(), self.clock.now());
            if state != before {
                self.store.save_engine_state(&engine.id, &state).await?;
            }
            done.faults.extend(told_fault(&engine.id, &state));
            done.faults.extend(engine.faults());
            done.add_engine(engine, &state, &open);
        }
        Ok(())
    }

    /// Returns the result of a pass that has nothing to translate.
    pub(in crate::pipeline) async fn idle(&self) -> Result<Translated, StoreError> {
        let states: EngineStates = self.store.load_engine_states().await?.into_iter().collect();
        let open = self.store.list_open_batches().await?;
        let mut idle = Translated::default();
        for engine in self.engines {
            idle.add_engine(engine, &states.get(&engine.id).cloned().unwrap_or_default(), &open);
        }
        Ok(idle)
    }
}

impl Translated {
    fn add_engine(&mut self, engine: &EngineHandle, state: &EngineState, open: &[OpenBatch]) {
        let batches: Vec<&OpenBatch> = open.iter().filter(|batch| batch.engine == engine.id).collect();
        let usage = engine.usage();
        let engine = EngineCounts {
            id: engine.id.clone(),
            state: state.condition,
            sent: usage.sent,
            characters: usage.characters_sent,
            tokens_in: usage.used.tokens_in,
            tokens_out: usage.used.tokens_out,
            tokens_cached: usage.used.tokens_cached,
            cost: cost::from_millionths(engine.cost_so_far()),
            in_batches: batches.iter().map(|batch| batch.texts).sum(),
            in_batches_since: batches.iter().map(|batch| batch.submitted).min(),
        };
        self.counts.add_engine(engine);
    }
}
