//! WhatsApp's ids as the library writes them, and as the gateway does.

use openwa_model::jid::{Jid, Server};
use whatsapp_rust::wacore_binary as wire;

/// The id without its device. `None` for what the gateway has no word for: bots, Messenger, calls.
pub(crate) fn from_wire(jid: &wire::Jid) -> Option<Jid> {
    let server = match jid.server {
        wire::Server::Pn | wire::Server::Legacy | wire::Server::Hosted => Server::Phone,
        wire::Server::Lid | wire::Server::HostedLid => Server::Lid,
        wire::Server::Group => Server::Group,
        wire::Server::Newsletter => Server::Newsletter,
        wire::Server::Broadcast => Server::Broadcast,
        _ => return None,
    };
    format!("{}@{}", jid.user, server.name()).parse().ok()
}

/// The id as the library takes it.
pub(crate) fn to_wire(jid: &Jid) -> wire::Jid {
    let server = match jid.server() {
        Server::Phone => wire::Server::Pn,
        Server::Lid => wire::Server::Lid,
        Server::Group => wire::Server::Group,
        Server::Newsletter => wire::Server::Newsletter,
        Server::Broadcast => wire::Server::Broadcast,
    };
    wire::Jid::new(jid.user(), server)
}

/// The id in the spelling that stands inside messages.
pub(crate) fn to_wire_text(jid: &Jid) -> String {
    to_wire(jid).to_string()
}

/// The first of the ids that is a phone number.
pub(crate) fn phone_among<'a>(jids: impl IntoIterator<Item = Option<&'a wire::Jid>>) -> Option<Jid> {
    among(jids, Server::Phone)
}

/// The first of the ids that is a hidden id.
pub(crate) fn lid_among<'a>(jids: impl IntoIterator<Item = Option<&'a wire::Jid>>) -> Option<Jid> {
    among(jids, Server::Lid)
}

fn among<'a>(jids: impl IntoIterator<Item = Option<&'a wire::Jid>>, server: Server) -> Option<Jid> {
    jids.into_iter().flatten().filter_map(from_wire).find(|it| it.server() == server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_the_way_there_and_back() {
        for text in ["15550000001@c.us", "100000000000001@lid", "120363000000000001@g.us", "status@broadcast"] {
            let jid: Jid = text.parse().unwrap();
            assert_eq!(from_wire(&to_wire(&jid)), Some(jid), "{text}");
        }
    }

    #[test]
    fn devices_and_foreign_servers_fall_away() {
        for (wire, ours) in [
            ("15550000001:12@s.whatsapp.net", Some("15550000001@c.us")),
            ("100000000000001:3@lid", Some("100000000000001@lid")),
            ("867051314767696@bot", None),
        ] {
            let wire: wire::Jid = wire.parse().unwrap();
            assert_eq!(from_wire(&wire).map(|it| it.to_string()).as_deref(), ours, "{wire}");
        }
    }

    #[test]
    fn phone_numbers_are_spelled_as_whatsapp_does_inside_messages() {
        assert_eq!(to_wire_text(&Jid::phone("15550000001")), "15550000001@s.whatsapp.net");
    }
}
