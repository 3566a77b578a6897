// What `openapi/generators/test` runs with the generated Go client.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	openwa "github.com/openwa/openwa-go"
)

func main() {
	configuration := openwa.NewConfiguration()
	configuration.Servers = openwa.ServerConfigurations{{URL: os.Getenv("OPENWA_BASE_URL")}}
	configuration.AddDefaultHeader("X-API-Key", os.Getenv("OPENWA_API_KEY"))
	client := openwa.NewAPIClient(configuration)
	ctx, session, chat := context.Background(), os.Getenv("SESSION_ID"), os.Getenv("CHAT_ID")

	sessions, _, err := client.SessionsAPI.ListSessions(ctx).Execute()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("session", sessions[0].Name, sessions[0].Status)

	text := *openwa.NewSendText(chat, os.Getenv("TEXT"))
	sent, _, err := client.MessagesAPI.SendText(ctx, session).SendText(text).IdempotencyKey("go").Execute()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sent", sent.MessageId)

	messages, _, err := client.MessagesAPI.ListMessages(ctx, session).MessageId(sent.MessageId).Execute()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("stored", messages.Messages[0].GetBody())

	_, response, err := client.SessionsAPI.GetSession(ctx, "00000000-0000-7000-8000-000000000000").Execute()
	if err == nil {
		log.Fatal("there is such a session")
	}
	fmt.Println("refused", response.StatusCode)
}
