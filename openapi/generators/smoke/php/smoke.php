<?php
// What `openapi/generators/test` runs with the generated PHP client: php smoke.php FOLDER

declare(strict_types=1);

use OpenWA\Client\Api\MessagesApi;
use OpenWA\Client\Api\SessionsApi;
use OpenWA\Client\ApiException;
use OpenWA\Client\Configuration;
use OpenWA\Client\Model\SendText;

// What Composer would write.
require 'GuzzleHttp/autoload.php';
spl_autoload_register(function (string $class) use ($argv): void {
    $prefix = 'OpenWA\\Client\\';
    if (str_starts_with($class, $prefix)) {
        require $argv[1] . '/lib/' . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
    }
});

$configuration = (new Configuration())
    ->setHost(getenv('OPENWA_BASE_URL'))
    ->setApiKey('X-API-Key', getenv('OPENWA_API_KEY'))
    ->setBooleanFormatForQueryString(Configuration::BOOLEAN_FORMAT_STRING);
// The format of booleans, `true` instead of 1, is looked up here and nowhere else.
Configuration::setDefaultConfiguration($configuration);
$http = new GuzzleHttp\Client();
$sessions = new SessionsApi($http, $configuration);
$messages = new MessagesApi($http, $configuration);
$session = getenv('SESSION_ID');

$first = $sessions->listSessions()[0];
echo "session {$first->getName()} {$first->getStatus()}\n";

$text = new SendText(['chat_id' => getenv('CHAT_ID'), 'text' => getenv('TEXT')]);
$sent = $messages->sendText($session, $text, 'php');
echo "sent {$sent->getMessageId()}\n";

$stored = $messages->listMessages($session, message_id: $sent->getMessageId());
echo "stored {$stored->getMessages()[0]->getBody()}\n";

try {
    $sessions->getSession('00000000-0000-7000-8000-000000000000');
    throw new LogicException('there is such a session');
} catch (ApiException $refused) {
    echo "refused {$refused->getCode()}\n";
}
