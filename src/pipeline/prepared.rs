//! Opens everything that a plan names, before anything is fetched for it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Bucket, Output, Plan};
use crate::model::{Fault, LockHolder, SourceId};
use crate::net::{ApiClient, Client, ClientError};
use crate::sink::{BucketSettings, ObjectSink, OutputDir, SettingsError, Sink};
use crate::store::StoreError;
use crate::translate::Glossary;

use super::blocking::spawn_cpu;
use super::error::PipelineError;
use super::network::{client, options};
use super::publish::PageTemplates;
use super::topics::{TopicError, Topics};
use super::translate::{EngineHandle, OpenedEngines, TranslateSetupError, get_missing_models, load_glossary, open_engines};

/// A plan with everything that it names, opened and checked: certificates, engines, glossary, output.
pub struct Prepared {
    pub(super) plan: Plan,
    /// The absolute path of feeds.toml.
    pub(super) plan_path: String,
    pub(super) client: Client,
    /// The client for the receivers of notifications.
    pub(super) api: ApiClient,
    /// The engines that editions name. A pass works with copies that have not failed yet.
    pub(super) engines: Vec<EngineHandle>,
    /// The engines that cannot be used, with the reasons.
    pub(super) engine_faults: Vec<Fault>,
    pub(super) glossary: Arc<Glossary>,
    pub(super) topics: Topics,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) templates: PageTemplates,
    /// The sources whose article pages are read.
    pub(super) paged: HashSet<SourceId>,
}

impl Prepared {
    /// Opens everything that the plan names, and creates the output folder if it is missing.
    pub async fn open(plan: Plan) -> Result<Self, RunError> {
        let mut faults = get_missing_models(&plan).await;
        let opened = open_engines(&plan)?;
        let engines = opened.engines;
        faults.extend(opened.faults);
        let glossary = open_glossary(&plan, &engines)?;
        let topics = Topics::load(&plan)?;
        let sink = open_sink(&plan).await?;
        let templates = PageTemplates::load(plan.templates.as_deref()).await;
        let paged = plan.sources.iter().filter(|source| source.full_text).map(|source| source.id.clone()).collect();
        let plan_path = std::path::absolute(&plan.path).unwrap_or_else(|_| plan.path.clone()).to_string_lossy().into_owned();
        Ok(Self {
            client: client(&plan.fetch)?,
            api: ApiClient::new(&options(&plan.fetch))?,
            engines,
            engine_faults: faults,
            glossary,
            topics,
            sink,
            templates,
            paged,
            plan_path,
            plan,
        })
    }

    /// Returns the plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// Opens the output that the plan names. A folder is made if it is missing; of a bucket nothing is asked yet, so that sources are visited
/// while its server is away.
async fn open_sink(plan: &Plan) -> Result<Arc<dyn Sink>, RunError> {
    match plan.output.clone() {
        Output::Bucket(_) => Ok(Arc::new(open_bucket(plan)?)),
        Output::Folder(folder) => {
            let dir = spawn_cpu("opening the output", move || OutputDir::open(&folder)).await.map_err(PipelineError::from)?;
            Ok(Arc::new(dir.map_err(PipelineError::from)?))
        }
    }
}

/// Opens the bucket that a plan names as its output. Nothing is asked of its server.
pub fn open_bucket(plan: &Plan) -> Result<ObjectSink, RunError> {
    let Output::Bucket(bucket) = plan.output.clone() else {
        return Err(RunError::NoBucket { output: plan.output.to_string() });
    };
    if let Some(why) = &bucket.key_error {
        return Err(RunError::BucketKey { place: plan.output.to_string(), why: why.clone() });
    }
    Ok(ObjectSink::open(&bucket_settings(plan, *bucket))?)
}

fn bucket_settings(plan: &Plan, bucket: Bucket) -> BucketSettings {
    BucketSettings {
        place: plan.output.to_string(),
        bucket: bucket.name,
        prefix: bucket.prefix,
        endpoint: bucket.endpoint,
        region: bucket.region,
        path_style: bucket.path_style,
        key: bucket.key,
        environment: bucket.environment.into_iter().collect(),
        cache_control: bucket.cache_control,
        timeout: bucket.timeout,
        user_agent: plan.fetch.user_agent.clone(),
        ca: plan.fetch.ca.clone(),
    }
}

/// A run failed. Everything settled and written before it stays.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The output is a folder.
    #[error("{output} is no bucket")]
    NoBucket {
        /// The output.
        output: String,
    },
    /// The HTTP client cannot be built.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An engine or the glossary cannot be used.
    #[error(transparent)]
    Translate(#[from] TranslateSetupError),
    /// A topic rule cannot be used.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// Another process works on the state, as it should: there is nothing to do.
    #[error("another relais works on the state: this run did nothing")]
    OtherWorks,
    /// Another run holds the state for far longer than it may take.
    #[error("a run that should have ended long ago holds the state ({holder}; `deadline` is {} s): it hangs; stop that process", deadline.as_secs())]
    Overdue {
        /// The process.
        holder: LockHolder,
        /// The time after which it should have begun no more visits.
        deadline: Duration,
    },
    /// The key of the bucket cannot be read.
    #[error("cannot use the bucket {place}: {why}")]
    BucketKey {
        /// The bucket.
        place: String,
        /// The reason.
        why: String,
    },
    /// The settings of the bucket cannot be used.
    #[error(transparent)]
    Bucket(#[from] SettingsError),
    /// A pass failed.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
}

impl RunError {
    /// Returns true if feeds.toml, or a file that it names, has to be changed before anything can run.
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Translate(error) => !matches!(error, TranslateSetupError::Client(_)),
            Self::Topic(_) | Self::BucketKey { .. } | Self::Bucket(_) => true,
            _ => false,
        }
    }
}

/// Loads the glossary for these engines; it is empty if there are none.
pub(super) fn open_glossary(plan: &Plan, engines: &[EngineHandle]) -> Result<Arc<Glossary>, TranslateSetupError> {
    if engines.is_empty() { Ok(Arc::new(Glossary::empty())) } else { load_glossary(plan) }
}

/// Opens the engines that editions name, as far as they can be used, and loads the glossary for them. Nothing is asked.
pub fn open_glossary_and_engines(plan: &Plan) -> Result<(Vec<EngineHandle>, Arc<Glossary>), TranslateSetupError> {
    let OpenedEngines { engines, .. } = open_engines(plan)?;
    let glossary = open_glossary(plan, &engines)?;
    Ok((engines, glossary))
}
