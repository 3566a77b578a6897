// Receives OpenWA's webhooks, checks their signature, and prints them.
//
//	go run webhook_receiver.go 9000 a-secret-of-16-or-more
//
// Register it with {"url": "http://127.0.0.1:9000/", "events": ["*"], "secret": "a-secret-of-16-or-more"}.
// Needs nothing but Go 1.21.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

const largestBody = 8 << 20

// What every delivery has; data depends on the event.
type delivery struct {
	Event          string `json:"event"`
	IdempotencyKey string `json:"idempotencyKey"`
	Data           struct {
		From   string `json:"from"`
		Body   string `json:"body"`
		Status string `json:"status"`
	} `json:"data"`
}

func main() {
	port, secret := "9000", "a-secret-of-16-or-more"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	if len(os.Args) > 2 {
		secret = os.Args[2]
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/\n", listener.Addr())
	server := http.Server{
		Handler:           receiver(secret),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
	}
	log.Fatal(server.Serve(listener))
}

func receiver(secret string) http.HandlerFunc {
	return func(answer http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(answer, request.Body, largestBody))
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			http.Error(answer, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		if err != nil {
			http.Error(answer, "the body did not arrive", http.StatusBadRequest)
			return
		}

		// The signature covers the exact bytes: check it before reading anything into them.
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		expected := "sha256=" + hex.EncodeToString(mac.Sum(nil))
		if !hmac.Equal([]byte(expected), []byte(request.Header.Get("X-OpenWA-Signature"))) {
			fmt.Println("refused: the signature does not fit the secret")
			http.Error(answer, "the signature does not fit", http.StatusUnauthorized)
			return
		}

		var event delivery
		if err := json.Unmarshal(body, &event); err != nil {
			http.Error(answer, "no JSON", http.StatusBadRequest)
			return
		}
		text := event.Data.Body
		if text == "" {
			text = event.Data.Status
		}
		fmt.Println(event.Event, event.Data.From, text)
		// A delivery may come twice with the same idempotencyKey; whoever acts on it should remember the key.
		answer.WriteHeader(http.StatusOK)
	}
}
