//! Appointments: WhatsApp calls them events.

use openwa_model::{
    Timestamp,
    content::{Appointment, AppointmentPlace, Detail},
};
use whatsapp_rust::waproto::whatsapp as wa;

use super::{Content, filled};

pub(super) fn read(message: &wa::Message) -> Option<Content<'_>> {
    let event = message.event_message.as_option()?;
    let moment = |seconds: Option<i64>| seconds.and_then(|it| Timestamp::from_second(it).ok());
    let place = event.location.as_option().map(|it| AppointmentPlace {
        name: filled(&it.name).or_else(|| filled(&it.address)),
        degrees: it.degrees_latitude.zip(it.degrees_longitude).filter(|it| *it != (0.0, 0.0)),
    });
    let detail = Detail::Event(Appointment {
        name: filled(&event.name).unwrap_or_default(),
        description: filled(&event.description),
        starts_at: moment(event.start_time),
        ends_at: moment(event.end_time),
        place: place.filter(|it| it.name.is_some() || it.degrees.is_some()),
        join_link: filled(&event.join_link),
        takes_guests: event.extra_guests_allowed == Some(true),
        is_canceled: event.is_canceled == Some(true),
        responses: Vec::new(),
    });
    let content = Content::new(detail.kind(), event.name.as_deref(), event.context_info.as_option());
    Some(content.with_detail(detail))
}
