import java.util.Map;
import java.util.UUID;
import org.openwa.client.ApiClient;
import org.openwa.client.ApiException;
import org.openwa.client.api.MessagesApi;
import org.openwa.client.api.SessionsApi;
import org.openwa.client.model.SendText;

/** What {@code openapi/generators/test} runs with the generated Java client. */
public final class Smoke {
  public static void main(String[] arguments) throws ApiException {
    Map<String, String> environment = System.getenv();
    ApiClient client = new ApiClient();
    client.updateBaseUri(environment.get("OPENWA_BASE_URL"));
    client.setRequestInterceptor(request -> request.header("X-API-Key", environment.get("OPENWA_API_KEY")));
    SessionsApi sessions = new SessionsApi(client);
    MessagesApi messages = new MessagesApi(client);
    UUID session = UUID.fromString(environment.get("SESSION_ID"));

    var first = sessions.listSessions(null, null, null).get(0);
    System.out.println("session " + first.getName() + " " + first.getStatus());

    SendText text = new SendText().chatId(environment.get("CHAT_ID")).text(environment.get("TEXT"));
    String sent = messages.sendText(session, text, "java").getMessageId();
    System.out.println("sent " + sent);

    var stored = messages.listMessages(session, null, null, null, null, null, null, sent, null, null, null, null, null);
    System.out.println("stored " + stored.getMessages().get(0).getBody());

    try {
      sessions.getSession(new UUID(0, 0));
      throw new IllegalStateException("there is such a session");
    } catch (ApiException refused) {
      System.out.println("refused " + refused.getCode());
    }
  }
}
