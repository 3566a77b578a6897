<?php
// Receives OpenWA's webhooks, checks their signature, and prints them.
//
//     OPENWA_WEBHOOK_SECRET=a-secret-of-16-or-more php -S 127.0.0.1:9000 webhook_receiver.php
//
// Register it with {"url": "http://127.0.0.1:9000/", "events": ["*"], "secret": "a-secret-of-16-or-more"}.
// Needs nothing but PHP 8.1. Under Apache or php-fpm it works as any page does.

declare(strict_types=1);

const LARGEST_BODY = 8 * 1024 * 1024;

function receive(string $secret): int
{
    $body = file_get_contents('php://input', length: LARGEST_BODY + 1);
    if (strlen($body) > LARGEST_BODY) {
        return 413;
    }
    // The signature covers the exact bytes: check it before reading anything into them.
    $expected = 'sha256=' . hash_hmac('sha256', $body, $secret);
    if (!hash_equals($expected, $_SERVER['HTTP_X_OPENWA_SIGNATURE'] ?? '')) {
        say('refused: the signature does not fit the secret');
        return 401;
    }

    try {
        $event = json_decode($body, associative: true, flags: JSON_THROW_ON_ERROR);
    } catch (JsonException) {
        return 400;
    }
    $data = $event['data'];
    say(implode(' ', [$event['event'], $data['from'] ?? '', $data['body'] ?? $data['status'] ?? '']));
    // A delivery may come twice with the same idempotencyKey; whoever acts on it should remember the key.
    return 200;
}

function say(string $line): void
{
    file_put_contents('php://stderr', $line . PHP_EOL);
}

http_response_code(receive(getenv('OPENWA_WEBHOOK_SECRET') ?: 'a-secret-of-16-or-more'));
