//! What the account shows of itself.

use openwa_model::ops::Command;
use serde_json::json;

use crate::house::{House, soon};

/// A red and a blue pixel, as a PNG.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGP4z8DAwPAfAAcAAf+qQlqJAAAAAElFTkSuQmCC";

#[tokio::test]
async fn name_line_and_picture_are_set() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/profile");
    let done = json!({"success": true});
    assert_eq!(house.put(&format!("{path}/name"), json!({"name": "Shop"})).await.good(200), done);
    let asked = soon("a command", link.asked.recv()).await.unwrap();
    assert!(matches!(asked, Command::SetProfileName(it) if it.name == "Shop"));

    assert_eq!(house.put(&format!("{path}/status"), json!({"status": "Open"})).await.good(200), done);
    let asked = soon("a command", link.asked.recv()).await.unwrap();
    assert!(matches!(asked, Command::SetProfileStatus(it) if it.status == "Open"));

    let picture = json!({"base64": PICTURE, "mimetype": "image/png"});
    assert_eq!(house.put(&format!("{path}/picture"), picture).await.good(200), done);
    let asked = soon("a command", link.asked.recv()).await.unwrap();
    assert!(matches!(asked, Command::SetProfilePicture(it) if it.picture.is_some()));
    assert_eq!((house.kept_files(), house.unfinished_files()), (0, 0), "nothing stays here");

    assert_eq!(house.delete(&format!("{path}/picture")).await.good(200), done);
    let asked = soon("a command", link.asked.recv()).await.unwrap();
    assert!(matches!(asked, Command::SetProfilePicture(it) if it.picture.is_none()));
}

#[tokio::test]
async fn what_does_not_read_is_refused() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let long = "x".repeat(140);
    for (path, body, sentence) in [
        ("name", json!({"name": ""}), "name should not be empty"),
        ("name", json!({"name": "x".repeat(26)}), "name must be shorter than or equal to 25 characters"),
        ("status", json!({"status": long}), "status must be shorter than or equal to 139 characters"),
        ("picture", json!({}), "Exactly one of url or base64 must be provided"),
        ("picture", json!({"base64": PICTURE}), "mimetype is required when base64 is provided"),
    ] {
        let answer = house.put(&format!("/api/sessions/{id}/profile/{path}"), body.clone()).await;
        assert_eq!(answer.failed(400), sentence, "{path} {body}");
    }
}
