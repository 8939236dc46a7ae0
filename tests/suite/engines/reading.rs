//! Language models as second readers, in the protocols of their vendors.

use relais::model::{EngineKind, SegmentKind};
use relais::translate::{DoubtKind, ReaderVerdict, ReadingBatch, ReadingText};

use super::{EngineServer, engine, lang, settings};

const MODELS: [EngineKind; 3] = [EngineKind::Openai, EngineKind::Ollama, EngineKind::Anthropic];

fn batch() -> ReadingBatch {
    let text = |source: &str, result: &str| ReadingText {
        source: source.to_owned(),
        result: result.to_owned(),
        kind: SegmentKind::Title,
    };
    ReadingBatch {
        from: lang("fr"),
        to: lang("en"),
        texts: vec![text("Elle gagne en 4 minutes", "She wins in 5 minutes"), text("Elle part", "She leaves")],
    }
}

fn doubt_numbers(server: &EngineServer) {
    server.read_with(|_, translation| {
        translation.contains('5').then(|| ["number", "5 minutes", "it is 4 in the source"].map(str::to_owned))
    });
}

#[tokio::test]
async fn every_language_model_reads_in_its_own_protocol_within_its_price() {
    for kind in MODELS {
        let server = EngineServer::start(kind).await;
        doubt_numbers(&server);
        let engine = engine(settings(kind, &server.url()));
        let (reader, batch) = (engine.reader().expect("it can read"), batch());
        let reply = reader.read(&batch).await.expect("a reply");
        let [Some(ReaderVerdict::Wrong(doubt)), Some(ReaderVerdict::Fine)] = &reply.verdicts[..] else {
            panic!("{kind:?}: {reply:?}");
        };
        assert_eq!((doubt.kind, doubt.quote.as_str()), (DoubtKind::Number, "5 minutes"), "{kind:?}");
        let most = reader.reading_price(&batch.texts.iter().collect::<Vec<_>>(), &batch.from, &batch.to);
        let used = reply.used;
        assert!(
            (1..=most.tokens_in).contains(&used.tokens_in) && used.tokens_out <= most.tokens_out,
            "{kind:?}: {used:?} of {most:?}"
        );
    }
}

#[tokio::test]
async fn server_that_knows_no_json_answers_in_lines() {
    for kind in MODELS {
        let server = EngineServer::start(kind).await;
        server.without_json();
        doubt_numbers(&server);
        let engine = engine(settings(kind, &server.url()));
        let reply = engine.reader().expect("it can read").read(&batch()).await.expect("a reply");
        assert!(matches!(&reply.verdicts[..], [Some(ReaderVerdict::Wrong(_)), Some(ReaderVerdict::Fine)]), "{kind:?}: {reply:?}");
    }
}

#[tokio::test]
async fn translation_services_do_not_read() {
    for kind in [EngineKind::Deepl, EngineKind::Google, EngineKind::Azure, EngineKind::Libretranslate, EngineKind::Apertium] {
        assert!(engine(settings(kind, "http://127.0.0.1:1")).reader().is_none(), "{kind:?}");
    }
}
