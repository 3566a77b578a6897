//! One example for each body and answer, held against its schema by a test: a shop's session `support` and a customer.

mod business;
mod channels;
mod groups;
mod statuses;

use serde_json::{Value, json};

const SESSION: &str = "0199a8c5-4e00-7c3a-9d1e-5b6f7a8c9d0e";
const TEMPLATE: &str = "0199a8d3-2a10-7e44-b1c7-6f5e4d3c2b1a";
const RULE: &str = "0199a8d4-6b30-7c15-9e2f-7a6b5c4d3e2f";
const BATCH: &str = "batch_5f2a91c7";
const WEBHOOK: &str = "0199a8d1-0c20-7f11-8a5b-3f6e2d1c0b9a";
const KEY: &str = "0199a8b0-77aa-7d02-b3c4-d5e6f7a8b9c0";
const ROW: &str = "0199a8c6-1b2c-7abc-8def-0123456789ab";
const DELIVERY: &str = "0199a8d2-5f00-7b22-9c3d-4e5f60718293";
const SHOP: &str = "15550000001@c.us";
const CUSTOMER: &str = "15550000002@c.us";
const GROUP: &str = "120363000000000001@g.us";
const MESSAGE: &str = "3EB0C431C26A1916E07E";
const AT: &str = "2026-10-03T10:00:00.000Z";
const AT_SECONDS: i64 = 1_791_021_600;

/// The example of a schema, or of the data of an event by the event's name.
pub(crate) fn of(name: &str) -> Option<Value> {
    sending(name)
        .or_else(|| stored(name))
        .or_else(|| groups::of(name))
        .or_else(|| statuses::of(name))
        .or_else(|| channels::of(name))
        .or_else(|| business::of(name))
        .or_else(|| sessions(name))
        .or_else(|| webhooks(name))
        .or_else(|| keys_and_health(name))
        .or_else(|| counted(name))
        .or_else(|| infrastructure(name))
        .or_else(|| events(name))
}

fn sending(name: &str) -> Option<Value> {
    Some(match name {
        "SendText" => json!({"chatId": CUSTOMER, "text": "Your order ships today."}),
        "SendMedia" => {
            json!({"chatId": CUSTOMER, "url": "https://example.org/picture.jpg", "caption": "Your order, packed"})
        }
        "SendAudio" => json!({"chatId": CUSTOMER, "url": "https://example.org/hello.ogg", "ptt": true}),
        "SendLocation" => json!({
            "chatId": CUSTOMER, "latitude": 52.5163, "longitude": 13.3777, "description": "The shop",
            "address": "Pariser Platz 1",
        }),
        "SendContact" => json!({"chatId": CUSTOMER, "contactName": "The shop", "contactNumber": "+1 555 000 0001"}),
        "SendPoll" => json!({"chatId": CUSTOMER, "name": "When shall we deliver?", "options": ["Today", "Tomorrow"]}),
        "VotePoll" => json!({"chatId": CUSTOMER, "pollMessageId": MESSAGE, "options": ["Today"]}),
        "SendEvent" => json!({
            "chatId": CUSTOMER, "name": "Tasting", "startTime": AT_SECONDS, "location": {"name": "The shop"},
        }),
        "EventLocation" => json!({"name": "The shop", "latitude": 52.5163, "longitude": 13.3777}),
        "RespondToEvent" => json!({"chatId": CUSTOMER, "messageId": MESSAGE, "response": "going"}),
        "ForwardMessage" => json!({"fromChatId": CUSTOMER, "toChatId": GROUP, "messageId": MESSAGE}),
        "SendProduct" => json!({"chatId": CUSTOMER, "productId": "7421", "body": "Back in stock"}),
        "SentProduct" => json!({"id": MESSAGE, "timestamp": AT_SECONDS}),
        "SendButton" => json!({"text": "Yes, please"}),
        "SendButtons" => json!({
            "chatId": CUSTOMER, "body": "Shall we deliver today?",
            "buttons": [{"text": "Yes, please", "id": "yes"}, {"text": "No", "id": "no"}], "fallback": true,
        }),
        "SendListRow" => json!({"rowId": "am", "title": "Morning", "description": "8 to 12"}),
        "SendListSection" => json!({"title": "Today", "rows": [of("SendListRow")?]}),
        "SendList" => json!({
            "chatId": CUSTOMER, "body": "When shall we deliver?", "button": "Choose",
            "sections": [of("SendListSection")?], "fallback": true,
        }),
        "SentChoices" => json!({
            "messageId": MESSAGE, "timestamp": AT_SECONDS, "sentAs": "text", "shownEverywhere": true,
            "recipientSees": "A text with numbered lines.",
        }),
        "ClickButton" => json!({"chatId": CUSTOMER, "messageId": MESSAGE, "buttonId": "yes"}),
        "SendTemplate" => json!({
            "chatId": CUSTOMER, "templateName": "order-ready", "vars": {"name": "Grace", "order": "42"},
        }),
        "MediaConversion" => json!({"available": true}),
        "ConvertMedia" => json!({"url": "https://example.org/memo.m4a"}),
        "ConvertedMedia" => json!({"base64": "T2dnUwACAAAA", "mimetype": "audio/ogg; codecs=opus", "bytes": 9}),
        "CreateTemplate" => json!({
            "name": "order-ready", "body": "Hello {{name}}, order {{order}} is ready.", "footer": "Open until six",
        }),
        "UpdateTemplate" => json!({"footer": "Open until eight"}),
        "Template" => json!({
            "id": TEMPLATE, "sessionId": SESSION, "name": "order-ready",
            "body": "Hello {{name}}, order {{order}} is ready.", "header": null, "footer": "Open until six",
            "createdAt": AT, "updatedAt": AT,
        }),
        "WebhookCondition" => json!({"field": "body", "operator": "contains", "value": ["hours", "open"]}),
        "WebhookFilters" => json!({"conditions": [of("WebhookCondition")?]}),
        "CreateAutomationRule" => json!({
            "name": "Opening hours", "replyText": "We are open from nine to six, Monday to Saturday.",
            "conditions": of("WebhookFilters")?, "cooldownSeconds": 3600,
        }),
        "UpdateAutomationRule" => json!({"replyText": "We are open from nine to eight today.", "enabled": true}),
        "AutomationRule" => json!({
            "id": RULE, "sessionId": SESSION, "name": "Opening hours", "enabled": true,
            "conditions": of("WebhookFilters")?, "replyText": "We are open from nine to six, Monday to Saturday.",
            "cooldownSeconds": 3600, "createdAt": AT, "updatedAt": AT,
        }),
        "BulkMessage" => json!({
            "chatId": CUSTOMER, "type": "text", "content": of("BulkContent")?, "variables": {"name": "Grace"},
        }),
        "BulkContent" => json!({"text": "Hello {{name}}, we are open until six today."}),
        "BulkMedia" => json!({"url": "https://example.org/picture.jpg"}),
        "BulkOptions" => json!({"delayBetweenMessages": 3000, "randomizeDelay": true, "stopOnError": false}),
        "SendBulk" => json!({"messages": [of("BulkMessage")?], "options": of("BulkOptions")?}),
        "BatchTaken" => json!({
            "batchId": BATCH, "status": "pending", "totalMessages": 1, "estimatedCompletionTime": AT,
            "statusUrl": format!("/api/sessions/{SESSION}/messages/batch/{BATCH}"),
        }),
        "BatchProgress" => json!({"total": 1, "sent": 1, "failed": 0, "pending": 0, "cancelled": 0}),
        "BatchResult" => {
            json!({"chatId": CUSTOMER, "status": "sent", "messageId": MESSAGE, "sentAt": AT})
        }
        "BatchError" => json!({"code": "SEND_FAILED", "message": "WhatsApp does not know '15550000003@c.us'"}),
        "Batch" => json!({
            "batchId": BATCH, "status": "completed", "progress": of("BatchProgress")?,
            "results": [of("BatchResult")?], "startedAt": AT, "completedAt": AT,
        }),
        "CancelledBatch" => json!({
            "batchId": BATCH, "status": "cancelled",
            "progress": {"total": 3, "sent": 1, "failed": 0, "pending": 0, "cancelled": 2},
        }),
        "SendReply" => json!({"chatId": CUSTOMER, "quotedMessageId": MESSAGE, "text": "Yes, until six."}),
        "SentMessage" => json!({"messageId": MESSAGE, "timestamp": AT_SECONDS}),
        "ReactToMessage" => json!({"chatId": CUSTOMER, "messageId": MESSAGE, "emoji": "👍"}),
        "StarMessage" => json!({"chatId": CUSTOMER, "messageId": MESSAGE, "star": true}),
        "PinMessage" => json!({"chatId": CUSTOMER, "messageId": MESSAGE, "durationSeconds": 604_800}),
        "UnpinMessage" => json!({"chatId": CUSTOMER, "messageId": MESSAGE}),
        "EditMessage" => json!({"chatId": CUSTOMER, "messageId": MESSAGE, "body": "Your order ships tomorrow."}),
        "DeleteMessage" => json!({"chatId": CUSTOMER, "messageId": MESSAGE, "forEveryone": true}),
        "MarkChatRead" | "MarkChatUnread" | "DeleteChat" => json!({"chatId": CUSTOMER}),
        "ArchiveChat" => json!({"chatId": CUSTOMER, "archive": true}),
        "PinChat" => json!({"chatId": CUSTOMER, "pin": true}),
        "MuteChat" => json!({"chatId": CUSTOMER, "muteUntil": 4_102_444_800_000_i64}),
        "SendTyping" => json!({"chatId": CUSTOMER, "state": "typing"}),
        "Success" => json!({"success": true}),
        _ => return None,
    })
}

fn stored(name: &str) -> Option<Value> {
    Some(match name {
        "Message" => json!({
            "id": ROW, "sessionId": SESSION, "waMessageId": MESSAGE, "chatId": CUSTOMER, "from": CUSTOMER, "to": SHOP,
            "chatName": "Grace", "author": null, "body": "Are you open today?", "type": "text",
            "direction": "incoming", "timestamp": AT_SECONDS, "metadata": {"pushName": "Grace"}, "mediaPath": null,
            "mediaMimetype": null, "status": "delivered", "createdAt": AT,
        }),
        "MessageList" => json!({"messages": [of("Message")?], "total": 1}),
        "ReactionGroup" => json!({
            "emoji": "👍",
            "senders": [{"senderId": CUSTOMER, "emoji": "👍", "timestamp": AT_SECONDS}],
        }),
        "Chat" => json!({
            "id": CUSTOMER, "name": "Grace", "isGroup": false, "kind": "individual", "unreadCount": 1,
            "timestamp": AT_SECONDS, "lastMessage": "Are you open today?", "lastMessageType": "text",
            "archived": false, "pinned": false, "muted": false,
        }),
        "PrivacySettings" => json!({
            "lastSeen": "contacts", "online": "match_last_seen", "profilePicture": "all", "about": "all",
            "groupAdd": "contacts", "readReceipts": "all", "callAdd": "all", "messages": "all",
        }),
        "UpdatePrivacySettings" => json!({"lastSeen": "contacts", "readReceipts": "none"}),
        "Label" => json!({"id": "3", "name": "Paid", "hexColor": "#ffd429"}),
        "SaveLabel" => json!({"name": "Paid", "color": 2}),
        "AddLabelToChat" => json!({"labelId": "3"}),
        "CreateCallLink" => json!({"type": "video", "startTime": AT_SECONDS * 1000}),
        "CallLink" => json!({"link": "https://call.whatsapp.com/video/hZcJ4q9xB2mT"}),
        "PresenceChange" => json!({"available": true}),
        "SubscribePresence" => json!({"chatId": CUSTOMER}),
        "ProfileName" => json!({"name": "The shop"}),
        "ProfileStatus" => json!({"status": "Open from nine to six"}),
        "ProfilePhoto" => json!({"url": "https://example.org/logo.png"}),
        "Contact" => json!({
            "id": CUSTOMER, "name": "Grace Hopper", "pushName": "Grace", "number": "15550000002",
            "lid": "100000000000002@lid", "isMyContact": true, "isBlocked": false,
        }),
        "ProfilePicture" => json!({"url": "https://pps.whatsapp.net/v/picture.jpg"}),
        "ProfilePictures" => json!({"pictures": {CUSTOMER: "https://pps.whatsapp.net/v/picture.jpg", SHOP: null}}),
        "ContactPhone" => json!({"contactId": "100000000000002@lid", "phone": "15550000002"}),
        "SaveContact" => json!({"firstName": "Grace", "lastName": "Hopper"}),
        "SuccessMessage" => json!({"success": true, "message": "Contact saved"}),
        "NumberCheck" => json!({
            "number": "15550000002", "exists": true, "whatsappId": CUSTOMER, "lid": "100000000000002@lid",
        }),
        "GroupSummary" => json!({"id": GROUP, "name": "Regulars", "linkedParentJID": null}),
        "Group" => json!({
            "id": GROUP, "name": "Regulars", "description": "Offers, once a week", "owner": SHOP,
            "createdAt": AT_SECONDS, "isReadOnly": false, "isAnnounce": true, "announce": true, "locked": false,
            "ephemeralSeconds": 0, "memberAddMode": "admins",
            "participants": [
                {"id": SHOP, "number": "15550000001", "isAdmin": true, "isSuperAdmin": true},
                {"id": CUSTOMER, "number": "15550000002", "isAdmin": false, "isSuperAdmin": false},
            ],
        }),
        _ => return None,
    })
}

fn sessions(name: &str) -> Option<Value> {
    Some(match name {
        "SyncHistory" => json!({"chatId": CUSTOMER, "count": 100}),
        "HistorySync" => json!({
            "state": "running", "chatsDone": 3, "chatsLeft": 12, "messagesStored": 140, "lastRunAt": AT,
            "lastEndedAt": null, "nextRunAt": AT, "lastError": null,
        }),
        "Session" => json!({
            "id": SESSION, "name": "support", "status": "ready", "phone": "15550000001", "pushName": "The shop",
            "connectedAt": AT, "lastActive": AT, "createdAt": AT, "updatedAt": AT, "lastError": null,
            "restriction": null, "engineLoaded": true,
        }),
        "CreateSession" => json!({"name": "support"}),
        "SessionsOverview" => json!({
            "total": 3, "active": 2, "ready": 2, "disconnected": 1, "byStatus": {"ready": 2, "disconnected": 1},
            "memoryUsage": {"heapUsed": 48, "heapTotal": 160, "rss": 72},
        }),
        "SessionConfig" => json!({"autoRejectCalls": false, "maxReconnectAttempts": null, "reconnectBaseDelay": 5000}),
        "UpdateSessionConfig" => json!({"autoRejectCalls": true, "maxReconnectAttempts": 10}),
        "SessionProxy" => json!({
            "enabled": true, "proxyType": "socks5", "proxyHost": "proxy.example.org:1080", "hasCredentials": true,
        }),
        "UpdateSessionProxy" => json!({"proxyUrl": "socks5://user:password@proxy.example.org:1080"}),
        "SessionCapabilities" => json!({
            "engine": "native", "operations": ["sendMessage", "react", "editMessage"], "qr": true,
            "pairingCode": true, "maxMediaBytes": 2_147_483_648_u64,
        }),
        "QrCode" => json!({"qrCode": "data:image/png;base64,iVBORw0KGgo=", "status": "qr_ready"}),
        "RequestPairingCode" => json!({"phoneNumber": "15550000001"}),
        "PairingCode" => json!({"pairingCode": "ABCD1234", "status": "qr_ready"}),
        _ => return None,
    })
}

fn webhooks(name: &str) -> Option<Value> {
    Some(match name {
        "CreateWebhook" => json!({
            "url": "https://example.org/hook", "events": ["message.received"], "secret": "at least sixteen characters",
        }),
        "UpdateWebhook" => json!({"events": ["message.received", "message.ack"], "active": true}),
        "Webhook" => json!({
            "id": WEBHOOK, "sessionId": SESSION, "url": "https://example.org/hook", "events": ["message.received"],
            "active": true, "filters": null, "retryCount": 3, "ordering": "chat", "failures": 0, "failingSince": null,
            "pausedUntil": null, "lastTriggeredAt": AT, "createdAt": AT, "updatedAt": AT,
        }),
        "WebhookPreflight" => json!({"url": "https://example.org/hook"}),
        "WebhookPreflightResult" => {
            json!({"allowed": true, "answered": true, "success": true, "statusCode": 200, "latencyMs": 41})
        }
        "DeliveryAttempt" => json!({
            "deliveryId": format!("dlv_{DELIVERY}"), "event": "message.received",
            "idempotencyKey": format!("msg_{SESSION}_{MESSAGE}_{WEBHOOK}"), "attempt": 1, "outcome": "retrying",
            "statusCode": 503, "latencyMs": 41, "error": "The receiver answered 503",
            "responseExcerpt": "upstream is down", "at": AT, "nextAttemptAt": AT,
        }),
        "ReplayWebhook" => json!({"fromSeq": 1, "toSeq": 500}),
        "ReplayResult" => json!({"queued": 480, "skipped": 20, "nextSeq": null}),
        "WebhookTestResult" => json!({"success": true, "statusCode": 200}),
        "DeliveryFailure" => json!({
            "id": DELIVERY, "webhookId": WEBHOOK, "sessionId": SESSION, "event": "message.received",
            "url": "https://example.org/hook", "idempotencyKey": format!("msg_{SESSION}_{MESSAGE}_{WEBHOOK}"),
            "deliveryId": format!("dlv_{DELIVERY}"), "attempts": 3, "lastStatusCode": 503,
            "lastError": "the receiver answered 503", "createdAt": AT, "replayable": true,
        }),
        "RedriveDeliveries" => json!({"webhookId": WEBHOOK, "limit": 100}),
        "RedriveResult" => {
            json!({"redriven": 2, "delivered": 0, "enqueued": 2, "failed": 0, "skipped": 0, "remaining": 0})
        }
        _ => return None,
    })
}

fn keys_and_health(name: &str) -> Option<Value> {
    Some(match name {
        "CreateApiKey" => json!({"name": "support desk", "role": "operator"}),
        "UpdateApiKey" => json!({"name": "help desk", "allowedSessions": [SESSION]}),
        "ApiKey" => json!({
            "id": KEY, "name": "support desk", "keyPrefix": "owa_k1_4f9a2", "role": "operator", "isActive": true,
            "usageCount": 12, "lastUsedAt": AT, "createdAt": AT,
        }),
        "KeyValidation" => json!({"valid": true, "role": "admin", "engineType": "native", "scoped": false}),
        "HealthStatus" => json!({"status": "ok", "timestamp": AT}),
        "Liveness" => json!({"status": "ok"}),
        "Readiness" => {
            json!({"status": "ok", "details": {"mainDatabase": {"status": "up"}, "dataDatabase": {"status": "up"}}})
        }
        "Failure" => json!({
            "statusCode": 400, "message": "property colour should not exist", "error": "Bad Request",
            "code": "INVALID_INPUT",
        }),
        _ => return None,
    })
}

fn counted(name: &str) -> Option<Value> {
    let step = json!({"timestamp": AT, "sent": 12, "received": 20});
    let chat = json!({"chatId": CUSTOMER, "chatName": "Grace", "messageCount": 9});
    let messages = json!({"sent": 340, "received": 512, "failed": 1, "today": {"sent": 12, "received": 20}});
    Some(match name {
        "SearchResults" => json!({
            "hits": [{
                "messageId": ROW, "waMessageId": MESSAGE, "sessionId": SESSION, "chatId": CUSTOMER,
                "body": "Are you open today?", "snippet": "Are you <mark>open</mark> today?", "timestamp": AT_SECONDS,
                "type": "text", "direction": "incoming", "from": CUSTOMER, "score": 1.5,
            }],
            "total": 1, "tookMs": 2, "provider": "builtin-fts",
        }),
        "StatisticsOverview" => json!({
            "sessions": {"active": 2, "total": 3, "byStatus": {"ready": 2, "disconnected": 1}}, "messages": messages,
        }),
        "MessageStatistics" => json!({
            "timeSeries": [step], "byType": {"text": 30, "image": 2},
            "bySession": [{"sessionId": SESSION, "name": "support", "sent": 12, "received": 20}], "topChats": [chat],
        }),
        "SessionStatistics" => json!({
            "sessionId": SESSION, "name": "support", "status": "ready", "messages": messages, "timeSeries": [step],
            "byType": {"text": 30, "image": 2}, "topChats": [chat],
        }),
        "AuditPage" => json!({
            "data": [{
                "id": ROW, "action": "session_started", "severity": "info", "apiKeyId": KEY,
                "apiKeyName": "support desk", "ipAddress": "203.0.113.7", "sessionId": SESSION,
                "metadata": {"operation": "startSession", "name": "support"}, "errorMessage": null, "createdAt": AT,
            }],
            "total": 1,
        }),
        _ => return None,
    })
}

fn infrastructure(name: &str) -> Option<Value> {
    let engine = json!({"type": "native", "headless": true, "sessionDataPath": "", "browserArgs": ""});
    Some(match name {
        "InfrastructureHealth" => json!({"status": "ok", "timestamp": AT}),
        "InfrastructureStatus" => json!({
            "database": {"connected": true, "type": "sqlite", "host": "data/openwa.sqlite", "builtIn": true},
            "redis": {"enabled": false, "connected": false, "host": "", "port": 0, "builtIn": false},
            "queue": {"enabled": false, "webhooks": {"pending": 2, "completed": 0, "failed": 1}},
            "storage": {"type": "local", "path": "data/media", "builtIn": true}, "engine": engine,
        }),
        "EngineInfo" => json!({
            "id": "native", "name": "WhatsApp's own protocol", "enabled": true,
            "features": ["sendMessage", "react", "editMessage"],
        }),
        "CurrentEngine" => json!({"engineType": "native"}),
        "InfrastructureConfig" => json!({
            "database": {
                "type": "sqlite", "builtIn": true, "host": "", "port": 0, "username": "",
                "database": "data/openwa.sqlite", "schema": "", "poolSize": 4, "sslEnabled": false,
                "sslRejectUnauthorized": false, "passwordSet": false,
            },
            "redis": {"enabled": false, "builtIn": false, "host": "", "port": 0, "passwordSet": false},
            "queue": {"enabled": false},
            "storage": {
                "type": "local", "builtIn": true, "localPath": "data/media", "s3Bucket": "", "s3Region": "",
                "s3Endpoint": "", "s3CredentialsSet": false,
            },
            "engine": engine,
        }),
        "GatewaySettings" => json!({
            "general": {"apiBaseUrl": "http://127.0.0.1:2785", "autoReconnect": true, "debugMode": false},
            "api": {"rateLimit": 100, "rateLimitWindow": 60, "enableDocs": true},
            "notifications": {"enabled": false},
        }),
        _ => return None,
    })
}

fn events(name: &str) -> Option<Value> {
    Some(match name {
        "Event" => json!({
            "seq": 42, "event": "message.received", "sessionId": SESSION, "timestamp": AT, "chatId": CUSTOMER,
            "data": of("MessageEvent")?,
        }),
        "EventPage" => json!({"events": [of("Event")?], "next": 42}),
        "MessageEvent" => json!({
            "id": MESSAGE, "from": CUSTOMER, "to": SHOP, "chatId": CUSTOMER, "body": "Are you open today?",
            "type": "text", "timestamp": AT_SECONDS, "fromMe": false, "isGroup": false, "kind": "individual",
            "contact": {"pushName": "Grace"},
        }),
        "message.sent" => json!({
            "id": MESSAGE, "from": SHOP, "to": CUSTOMER, "chatId": CUSTOMER, "body": "Your order ships today.",
            "type": "text", "timestamp": AT_SECONDS, "fromMe": true, "isGroup": false, "kind": "individual",
        }),
        "MessageAckEvent" => {
            json!({"id": MESSAGE, "messageId": MESSAGE, "chatId": CUSTOMER, "status": "delivered", "ack": 2})
        }
        "MessageFailedEvent" => json!({
            "id": MESSAGE, "messageId": MESSAGE, "chatId": CUSTOMER, "status": "failed", "ack": -1,
            "error": "not on WhatsApp",
        }),
        "MessageRevokedEvent" => json!({
            "id": MESSAGE, "revokedId": MESSAGE, "chatId": CUSTOMER, "from": CUSTOMER, "to": SHOP, "type": "revoked",
            "body": "", "timestamp": AT_SECONDS,
        }),
        "MessageReactionEvent" => {
            json!({"messageId": MESSAGE, "chatId": CUSTOMER, "reaction": "👍", "senderId": CUSTOMER})
        }
        "MessageEditedEvent" => json!({
            "messageId": MESSAGE, "chatId": CUSTOMER, "body": "Are you open tomorrow?", "senderId": CUSTOMER,
            "from": CUSTOMER, "to": SHOP, "fromMe": false, "isGroup": false, "type": "text", "hasMedia": false,
            "timestamp": AT_SECONDS,
        }),
        "ChatUpdateEvent" => json!({
            "chatId": CUSTOMER, "archived": true, "pinned": false, "muted": false, "unreadCount": 0, "deleted": false,
        }),
        "ContactMergedEvent" => json!({
            "contactId": CUSTOMER, "formerId": "100000000000002@lid", "chatMerged": true, "messagesMoved": 3,
            "senderPhone": "15550000002", "senderLid": "100000000000002@lid", "timestamp": AT_SECONDS,
        }),
        "PollVoteEvent" => json!({
            "messageId": MESSAGE, "chatId": CUSTOMER, "senderId": CUSTOMER, "fromMe": false, "isGroup": false,
            "options": ["Today"], "timestamp": AT_SECONDS,
        }),
        "EventResponseEvent" => json!({
            "messageId": MESSAGE, "chatId": CUSTOMER, "senderId": CUSTOMER, "fromMe": false, "isGroup": false,
            "response": "going", "extraGuests": 0, "timestamp": AT_SECONDS,
        }),
        "SessionStatusEvent" => json!({"sessionId": SESSION, "status": "ready"}),
        "SessionQrEvent" => json!({"sessionId": SESSION, "qr": "data:image/png;base64,iVBORw0KGgo="}),
        "SessionAuthenticatedEvent" => json!({"sessionId": SESSION, "phone": "15550000001", "pushName": "The shop"}),
        "SessionDisconnectedEvent" => json!({"sessionId": SESSION, "reason": "logged out on the phone"}),
        "WebhookFailingEvent" => json!({
            "sessionId": SESSION, "webhookId": WEBHOOK, "failures": 24, "failingSince": AT, "pausedUntil": AT,
            "lastStatusCode": 503, "lastError": "The receiver answered 503",
        }),
        "WebhookRecoveredEvent" => {
            json!({"sessionId": SESSION, "webhookId": WEBHOOK, "failures": 24, "failingSince": AT})
        }
        "SessionReconnectLoopEvent" => json!({"sessionId": SESSION, "attempts": 5, "nextDelayMs": 80_000}),
        "SessionRestrictionEvent" => json!({
            "sessionId": SESSION, "active": true, "kind": "reachout_timelock", "code": 463, "expiresAt": AT,
        }),
        "SessionSyncEvent" => json!({
            "sessionId": SESSION, "state": "running", "chatsDone": 3, "chatsLeft": 12, "messagesStored": 140,
            "lastError": null,
        }),
        "PresenceUpdateEvent" => json!({
            "chatId": CUSTOMER, "participants": [{"id": CUSTOMER, "state": "composing"}], "observedAt": AT,
        }),
        "GroupEvent" => json!({
            "groupId": GROUP, "actorId": SHOP, "participantIds": [CUSTOMER], "timestamp": AT_SECONDS,
        }),
        "call.accepted" | "call.rejected" => json!({
            "callId": "5A3C1F7E9B2D", "from": CUSTOMER, "isVideo": false, "isGroup": false, "timestamp": AT_SECONDS,
            "outcome": name.trim_start_matches("call."),
        }),
        "CallOutcomeEvent" => json!({
            "callId": "5A3C1F7E9B2D", "from": CUSTOMER, "isVideo": false, "isGroup": false, "timestamp": AT_SECONDS,
            "outcome": "missed",
        }),
        "CallEvent" => json!({
            "callId": "5A3C1F7E9B2D", "from": CUSTOMER, "isVideo": false, "isGroup": false, "timestamp": AT_SECONDS,
        }),
        _ => return None,
    })
}

/// The example of a delivery of an event with this data.
pub(crate) fn delivery(event: &str, data: Value) -> Value {
    let what = match data.get("id") {
        Some(id) => format!("msg_{SESSION}_{}", id.as_str().unwrap_or_default()),
        None => format!("{}_{SESSION}_{}", event.replace('.', "_"), AT_SECONDS * 1000),
    };
    json!({
        "event": event, "timestamp": AT, "sessionId": SESSION,
        "idempotencyKey": format!("{what}_{WEBHOOK}"), "deliveryId": format!("dlv_{DELIVERY}"), "data": data,
    })
}
