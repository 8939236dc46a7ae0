//! A mail that is ready to be sent (RFC 5322): the same text as HTML and plain (RFC 2046 §5.1.4).

use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::text::Text as HeaderText;
use mail_builder::mime::MimePart;
use quick_xml::escape::escape;

use super::RenderError;
use crate::model::{Clean, Lang, MailAddress, Text, Time};

/// A mail.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// The sender.
    pub from: &'a MailAddress,
    /// The receivers; none if the program that sends it knows them.
    pub to: &'a [MailAddress],
    /// The subject.
    pub subject: &'a Text,
    /// The date.
    pub date: Time,
    /// The unique id of the message, without angle brackets: `…@host`.
    pub message_id: &'a str,
    /// The language of the text.
    pub lang: Option<&'a Lang>,
    /// The text as HTML.
    pub html: &'a Clean,
    /// The same as plain text.
    pub text: &'a str,
}

/// Writes a mail. The same mail gives the same bytes.
pub fn render_mail(mail: &Mail<'_>) -> Result<Vec<u8>, RenderError> {
    let to = match mail.to {
        // RFC 5322 §3.6.3 and RFC 6854: a group without members names nobody.
        [] => Address::new_group(Some("undisclosed-recipients"), Vec::new()),
        some => Address::new_list(some.iter().map(address).collect()),
    };
    // Left to itself, the library would make the boundary of the present time.
    let boundary = format!("relais-{}", blake3::hash(mail.message_id.as_bytes()).to_hex());
    let parts = vec![
        MimePart::new(ContentType::new("text/plain").attribute("charset", "utf-8"), mail.text.to_owned()),
        MimePart::new(ContentType::new("text/html").attribute("charset", "utf-8"), document(mail)),
    ];
    let body = MimePart::new(ContentType::new("multipart/alternative").attribute("boundary", boundary), parts);
    let mut message = MessageBuilder::new()
        .from(address(mail.from))
        .to(to)
        .subject(mail.subject.as_str().to_owned())
        .date(mail.date.millis() / 1000)
        .message_id(mail.message_id.to_owned())
        // RFC 3834 §5: nobody answers it by a machine.
        .header("Auto-Submitted", HeaderText::new("auto-generated"));
    if let Some(lang) = mail.lang {
        message = message.header("Content-Language", HeaderText::new(lang.as_str().to_owned()));
    }
    message.body(body).write_to_vec().map_err(RenderError::Mail)
}

fn address(address: &MailAddress) -> Address<'static> {
    let name = (!address.name.is_blank()).then(|| address.name.as_str().to_owned());
    Address::new_address(name, address.address.clone())
}

fn document(mail: &Mail<'_>) -> String {
    let lang = mail.lang.map(|lang| format!(" lang=\"{}\" dir=\"{}\"", escape(lang.as_str()), lang.direction()));
    format!(
        "<!DOCTYPE html>\n<html{}>\n<head>\n<meta charset=\"utf-8\">\n<title>{}</title>\n</head>\n<body>\n{}\n</body>\n</html>\n",
        lang.unwrap_or_default(),
        escape(mail.subject.as_str()),
        mail.html.as_str()
    )
}
