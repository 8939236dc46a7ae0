//! The protocols of the vendors, as far as relais speaks them: what a request asks for, and what an answer looks like. A request
//! that the vendor would refuse is refused in the vendor's words.

use std::collections::HashMap;

use axum::http::{HeaderMap, Uri};
use relais::model::EngineKind;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{EngineServer, words};

/// What a request asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The texts, as they were sent.
    pub(crate) texts: Vec<String>,
    /// Their ids, for language models.
    ids: Vec<u64>,
    /// Whether the answer is to be held to a schema.
    pub(crate) schema: bool,
    /// Whether the answer is to be lines, not JSON.
    lines: bool,
    /// The size of what was sent.
    size: usize,
    /// The translations that are to be read, with their sources, if that is what is asked for.
    pub(crate) readings: Vec<(String, String)>,
}

impl Asked {
    /// Whether the answer is to be lines, not JSON.
    pub(crate) fn lines(&self) -> bool {
        self.lines
    }
}

/// A status and what goes with it.
pub(crate) type Refusal = (u16, Value);

/// Whether texts are XML or HTML on this protocol.
pub(crate) fn escaped(kind: EngineKind) -> bool {
    kind != EngineKind::Libretranslate
}

/// The embedded engine has no protocol.
fn no_service() -> ! {
    panic!("the embedded engine is asked for nothing over the network")
}

/// The path that is asked.
fn path(kind: EngineKind) -> &'static str {
    match kind {
        EngineKind::Deepl => "/v2/translate",
        EngineKind::Libretranslate | EngineKind::Azure | EngineKind::Apertium => "/translate",
        EngineKind::Openai => "/chat/completions",
        EngineKind::Ollama => "/api/chat",
        EngineKind::Anthropic => "/v1/messages",
        EngineKind::Google => "/language/translate/v2",
        EngineKind::Firefox => no_service(),
    }
}

/// A refusal in the vendor's shape. `code` is the vendor's own word for it.
pub(crate) fn refusal(kind: EngineKind, status: u16, code: &str, message: &str) -> Refusal {
    let body = match kind {
        EngineKind::Deepl => json!({"message": message}),
        EngineKind::Libretranslate | EngineKind::Ollama => json!({"error": message}),
        EngineKind::Openai => json!({"error": {"message": message, "type": code, "param": null, "code": code}}),
        EngineKind::Anthropic => json!({"type": "error", "error": {"type": code, "message": message}}),
        EngineKind::Google => json!({"error": {"code": status, "message": message, "errors": [{"reason": code}]}}),
        EngineKind::Azure => {
            json!({"error": {"code": code.parse().unwrap_or(u32::from(status) * 1000), "message": message}})
        }
        EngineKind::Apertium => json!({"status": "error", "code": status, "message": code, "explanation": message}),
        EngineKind::Firefox => no_service(),
    };
    (status, body)
}

/// Refuses a request without the right key.
pub(crate) fn check_key(kind: EngineKind, headers: &HeaderMap) -> Result<(), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    authorised(kind, &header, &Value::Null)
}

/// Reads a request of a batch to a language model.
pub(crate) fn asked_in_batch(kind: EngineKind, value: &Value) -> Result<Asked, String> {
    Ok(Asked { size: value.to_string().len(), ..conversation(kind, value)? })
}

/// Reads a request.
pub(crate) fn asked(kind: EngineKind, uri: &Uri, headers: &HeaderMap, body: &str) -> Result<Asked, Refusal> {
    if uri.path() != path(kind) {
        return Err(refusal(kind, 404, "not_found", "no such path"));
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let form = kind == EngineKind::Apertium;
    let wanted = if form { "application/x-www-form-urlencoded" } else { "application/json" };
    if header("content-type") != wanted {
        return Err(refusal(kind, 400, "Bad Request", "another content type is wanted"));
    }
    let value: Value = if form {
        form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect::<HashMap<_, _>>()
            .into_iter()
            .map(|(name, value)| (name, json!(value)))
            .collect()
    } else {
        serde_json::from_str(body).map_err(|_| refusal(kind, 400, "invalid_request_error", "no JSON"))?
    };
    authorised(kind, &header, &value)?;
    let asked = match kind {
        EngineKind::Deepl => deepl(&value),
        EngineKind::Libretranslate => libretranslate(&value),
        EngineKind::Openai | EngineKind::Ollama | EngineKind::Anthropic => conversation(kind, &value),
        EngineKind::Google => google(&value),
        EngineKind::Azure => azure(uri, &value),
        EngineKind::Apertium => apertium(&value),
        EngineKind::Firefox => no_service(),
    };
    let mut asked = asked.map_err(|message| refusal(kind, 400, "invalid_request_error", &message))?;
    asked.size = body.len();
    Ok(asked)
}

fn authorised<'a>(kind: EngineKind, header: &dyn Fn(&str) -> &'a str, value: &Value) -> Result<(), Refusal> {
    let key = EngineServer::KEY;
    let bearer = format!("Bearer {key}");
    let (right, status) = match kind {
        EngineKind::Deepl => (header("authorization") == format!("DeepL-Auth-Key {key}"), 403),
        // Servers of one's own need none; a wrong one is refused.
        EngineKind::Libretranslate => (value["api_key"].is_null() || value["api_key"] == key, 403),
        EngineKind::Openai | EngineKind::Ollama => (["", &bearer].contains(&header("authorization")), 401),
        EngineKind::Anthropic => (header("x-api-key") == key && header("anthropic-version") == "2023-06-01", 401),
        EngineKind::Google => (header("x-goog-api-key") == key, 403),
        EngineKind::Azure => (header("ocp-apim-subscription-key") == key, 401),
        EngineKind::Apertium => (true, 403),
        EngineKind::Firefox => no_service(),
    };
    // Some vendors repeat what they were sent.
    right.then_some(()).ok_or_else(|| refusal(kind, status, "invalid_api_key", "Invalid API key: it is not the right key"))
}

fn texts(list: &Value) -> Result<Asked, String> {
    let texts: Option<Vec<String>> =
        list.as_array().and_then(|list| list.iter().map(|text| Some(text.as_str()?.to_owned())).collect());
    let texts = texts.filter(|texts| !texts.is_empty()).ok_or("the texts are no list of texts")?;
    Ok(Asked { texts, ids: Vec::new(), schema: false, lines: false, size: 0, readings: Vec::new() })
}

fn want(value: &Value, name: &str, wanted: &Value) -> Result<(), String> {
    if value[name] == *wanted { Ok(()) } else { Err(format!("{name} is {} and not {wanted}", value[name])) }
}

fn deepl(value: &Value) -> Result<Asked, String> {
    want(value, "tag_handling", &json!("xml"))?;
    want(value, "tag_handling_version", &json!("v2"))?;
    if value["source_lang"] != "FR" || value["target_lang"].as_str().is_none_or(|code| code != code.to_uppercase()) {
        return Err("Value for 'target_lang' not supported.".to_owned());
    }
    let asked = texts(&value["text"])?;
    for text in &asked.texts {
        well_formed(text)?;
        for (_, tag) in words::cut(text, true).iter().filter(|(markup, piece)| *markup && piece.starts_with("<k")) {
            let name = json!(tag.trim_matches(['<', '>']));
            if !value["ignore_tags"].as_array().is_some_and(|tags| tags.contains(&name)) {
                return Err(format!("{name} is not ignored"));
            }
        }
    }
    Ok(asked)
}

/// The strict reading of XML.
fn well_formed(text: &str) -> Result<(), String> {
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(format!("Tag handling parsing failed, please check input ({error})")),
        }
    }
}

fn libretranslate(value: &Value) -> Result<Asked, String> {
    want(value, "format", &json!("text"))?;
    for name in ["source", "target"] {
        let code = value[name].as_str().ok_or(format!("Invalid request: missing {name} parameter"))?;
        if !["fr", "en", "es", "ca", "zh-Hans", "zt"].contains(&code) {
            return Err(format!("{code} is not supported"));
        }
    }
    texts(&value["q"])
}

fn google(value: &Value) -> Result<Asked, String> {
    want(value, "format", &json!("html"))?;
    want(value, "source", &json!("fr")).map_err(|_| "Bad language pair: {fr, xx}")?;
    texts(&value["q"])
}

fn azure(uri: &Uri, value: &Value) -> Result<Asked, String> {
    let query: HashMap<_, _> = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let has = |name: &str, value: &str| query.get(name).is_some_and(|given| given == value);
    if !(has("api-version", "3.0") && has("from", "fr") && has("textType", "html") && query.contains_key("to")) {
        return Err(format!("the query is {query:?}"));
    }
    let list = value.as_array().ok_or("the body is no list")?.iter().map(|item| item["Text"].clone());
    texts(&Value::Array(list.collect()))
}

fn apertium(value: &Value) -> Result<Asked, String> {
    // A text that has such signs itself is sent without asking for them.
    want(value, "markUnknown", &json!("yes")).or_else(|_| want(value, "markUnknown", &json!("no")))?;
    want(value, "format", &json!("html"))?;
    if value["langpair"] != "fr|es" && value["langpair"] != "fr|ca" && value["langpair"] != "es|en" {
        return Err("That pair is not installed".to_owned());
    }
    texts(&json!([value["q"]]))
}

/// The instructions for Anthropic's models: a text, or one block that is to be kept for the next requests.
fn instructions(system: &Value) -> &Value {
    let block = &system[0];
    if block["type"] == "text" && block["cache_control"]["type"] == "ephemeral" { &block["text"] } else { system }
}

/// A conversation with a language model: the items of the JSON that the user sends.
fn conversation(kind: EngineKind, value: &Value) -> Result<Asked, String> {
    value["model"].as_str().ok_or("no model")?;
    let (user, system, schema, object) = match kind {
        EngineKind::Anthropic => {
            value["max_tokens"].as_u64().ok_or("max_tokens: field required")?;
            (
                &value["messages"][0],
                instructions(&value["system"]),
                value["output_config"]["format"]["type"] == "json_schema",
                false,
            )
        }
        EngineKind::Ollama => {
            want(value, "stream", &json!(false))?;
            (&value["messages"][1], &value["messages"][0]["content"], value["format"].is_object(), value["format"] == "json")
        }
        _ => {
            let form = &value["response_format"]["type"];
            (&value["messages"][1], &value["messages"][0]["content"], form == "json_schema", form == "json_object")
        }
    };
    want(user, "role", &json!("user"))?;
    let system = system.as_str().ok_or("no system prompt")?;
    let user: Value = serde_json::from_str(user["content"].as_str().ok_or("no content")?).map_err(|error| error.to_string())?;
    let items = user["items"].as_array().ok_or("no items")?;
    let ids = items.iter().map(|item| item["id"].as_u64()).collect::<Option<_>>().ok_or("no ids")?;
    let lines = !schema && !object && system.contains("one line for each");
    if items.iter().all(|item| item["source"].is_string()) {
        let text = |item: &Value, name: &str| Some(item[name].as_str()?.to_owned());
        let readings = items.iter().map(|item| Some((text(item, "source")?, text(item, "translation")?)));
        let readings = readings.collect::<Option<_>>().ok_or("no translations")?;
        return Ok(Asked { texts: Vec::new(), ids, schema, lines, size: 0, readings });
    }
    Ok(Asked { ids, schema, lines, ..texts(&items.iter().map(|item| item["text"].clone()).collect())? })
}

/// How a model came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By itself.
    Stop,
    /// It was not allowed to write more.
    Length,
    /// It would not.
    Refusal,
}

/// Writes an answer. Of language models, `ids` are those under which the texts are given.
pub(crate) fn answer(kind: EngineKind, asked: &Asked, texts: &[String], renumbered: bool, end: End) -> Value {
    match kind {
        EngineKind::Deepl => json!({"translations": texts.iter().enumerate().map(|(place, text)| {
            let billed = asked.texts.get(place).map(|sent| words::characters(sent, true).chars().count());
            json!({"detected_source_language": "FR", "text": text, "billed_characters": billed})
        }).collect::<Vec<_>>()}),
        EngineKind::Libretranslate => json!({"translatedText": texts}),
        EngineKind::Google => {
            json!({"data": {"translations": texts.iter().map(|text| json!({"translatedText": text.replace('\'', "&#39;")})).collect::<Vec<_>>()}})
        }
        EngineKind::Azure => {
            texts.iter().map(|text| json!({"translations": [{"text": text, "to": "en"}]})).collect::<Vec<_>>().into()
        }
        EngineKind::Apertium => {
            let text = texts.first().map(|text| text.trim());
            json!({"responseData": {"translatedText": text}, "responseDetails": null, "responseStatus": 200})
        }
        EngineKind::Openai | EngineKind::Ollama | EngineKind::Anthropic => spoken(kind, asked, texts, renumbered, end),
        EngineKind::Firefox => no_service(),
    }
}

fn spoken(kind: EngineKind, asked: &Asked, texts: &[String], renumbered: bool, end: End) -> Value {
    let items: Vec<(u64, &String)> =
        if renumbered { (1..).zip(texts).collect() } else { asked.ids.iter().copied().zip(texts).collect() };
    let content = if end == End::Refusal {
        "I cannot help with that.".to_owned()
    } else if asked.lines {
        items.iter().map(|(id, text)| format!("{id}: {text}\n")).collect()
    } else {
        json!({"items": items.iter().map(|(id, text)| json!({"id": id, "text": text})).collect::<Vec<_>>()}).to_string()
    };
    completed(kind, asked, &content, end)
}

/// Writes the verdicts of a reader: for each text the kind, quotation and reason of a doubt, or nothing.
pub(crate) fn verdicts(kind: EngineKind, asked: &Asked, doubts: &[Option<[String; 3]>], renumbered: bool, end: End) -> Value {
    let ids: Vec<u64> = if renumbered { (1..=asked.ids.len() as u64).collect() } else { asked.ids.clone() };
    let (mut ok, mut wrong, mut lines) = (Vec::new(), Vec::new(), String::new());
    for (id, doubt) in ids.into_iter().zip(doubts) {
        match doubt {
            None => {
                ok.push(id);
                lines.push_str(&format!("{id}: ok\n"));
            }
            Some([kind, quote, reason]) => {
                wrong.push(json!({"id": id, "kind": kind, "quote": quote, "reason": reason}));
                lines.push_str(&format!("{id}: wrong | {kind} | {quote} | {reason}\n"));
            }
        }
    }
    let content = if asked.lines { lines } else { json!({"ok": ok, "wrong": wrong}).to_string() };
    completed(kind, asked, &content, end)
}

/// Writes what a model has written as the vendor does.
pub(crate) fn completed(kind: EngineKind, asked: &Asked, content: &str, end: End) -> Value {
    let (read, written) = (asked.size / 4, content.len() / 4);
    match kind {
        EngineKind::Openai => {
            let refusal = (end == End::Refusal).then_some("I cannot help with that.");
            let reason = if end == End::Length { "length" } else { "stop" };
            json!({"choices": [{"message": {"role": "assistant", "content": content, "refusal": refusal}, "finish_reason": reason}],
                "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written,
                    "prompt_tokens_details": {"cached_tokens": read / 2}}})
        }
        EngineKind::Ollama => {
            let reason = if end == End::Length { "length" } else { "stop" };
            json!({"message": {"role": "assistant", "content": content}, "done": true, "done_reason": reason,
                "prompt_eval_count": read, "eval_count": written})
        }
        _ => {
            let reason = match end {
                End::Stop => "end_turn",
                End::Length => "max_tokens",
                End::Refusal => "refusal",
            };
            json!({"content": [{"type": "text", "text": content}], "stop_reason": reason,
                "usage": {"input_tokens": read - read / 2, "cache_read_input_tokens": read / 2, "output_tokens": written}})
        }
    }
}
