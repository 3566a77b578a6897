//! What people answer to a message is kept with it: votes with their poll, attendance with its appointment.
//! Each person has one answer, the latest.

use openwa_model::{
    Timestamp,
    content::{Attendance, Detail, Vote},
    jid::Jid,
    message::Message,
};

/// Of more people the answers are not kept; no group has as many members.
const MOST_ANSWERS: usize = 4_096;

/// Puts a vote into its poll; false when it changes nothing.
pub(crate) fn vote(poll: &mut Message, vote: Vote) -> bool {
    let Some(Detail::Poll { votes, .. }) = &mut poll.detail else { return false };
    place(votes, vote, |it| (&it.voter, it.at), |old, new| old.options == new.options)
}

/// Puts an answer into its appointment; false when it changes nothing.
pub(crate) fn attendance(message: &mut Message, answer: Attendance) -> bool {
    let Some(Detail::Event(appointment)) = &mut message.detail else { return false };
    let is_same =
        |old: &Attendance, new: &Attendance| (old.response, old.extra_guests) == (new.response, new.extra_guests);
    place(&mut appointment.responses, answer, |it| (&it.person, it.at), is_same)
}

fn place<T>(
    answers: &mut Vec<T>,
    answer: T,
    who_and_when: impl Fn(&T) -> (&Jid, Timestamp),
    is_same: impl Fn(&T, &T) -> bool,
) -> bool {
    let (who, when) = who_and_when(&answer);
    let Some(index) = answers.iter().position(|it| who_and_when(it).0 == who) else {
        if answers.len() >= MOST_ANSWERS {
            return false;
        }
        answers.push(answer);
        return true;
    };
    let earlier = &answers[index];
    if who_and_when(earlier).1 > when {
        return false;
    }
    let changes = !is_same(earlier, &answer);
    answers[index] = answer;
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote_of(number: &str, options: &[&str], second: i64) -> Vote {
        let options = options.iter().map(|it| (*it).to_owned()).collect();
        Vote { voter: Jid::phone(number), options, at: Timestamp::from_second(second).unwrap() }
    }

    #[test]
    fn each_person_has_one_answer_the_latest() {
        let mut votes = Vec::new();
        let same = |old: &Vote, new: &Vote| old.options == new.options;
        for (vote, changes) in [
            (vote_of("1", &["A"], 5), true),
            (vote_of("2", &["B"], 5), true),
            (vote_of("1", &["B"], 4), false),
            (vote_of("1", &["A"], 6), false),
            (vote_of("1", &[], 7), true),
        ] {
            assert_eq!(place(&mut votes, vote.clone(), |it| (&it.voter, it.at), same), changes, "{vote:?}");
        }
        assert_eq!(votes, [vote_of("1", &[], 7), vote_of("2", &["B"], 5)]);
    }
}
