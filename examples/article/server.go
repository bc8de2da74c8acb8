// The server of the article that roomgate was made from, written from its description: gorilla/websocket 1.5
// upgrades, jwt-go 3.2 reads and verifies the token inside CheckOrigin, and the user is kept in the request's context.
//
// It is here to be measured, not to be copied: docs/the-article.md says what it lets in.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"regexp"

	"github.com/dgrijalva/jwt-go"
	"github.com/dgrijalva/jwt-go/request"
	"github.com/gorilla/websocket"
)

type userKey struct{}

var roomPath = regexp.MustCompile(`^/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// The article keeps keys out of the source, so the secret comes from the environment.
var secret = []byte(os.Getenv("ARTICLE_SECRET"))

// A header of the deployment's own, for the article's advice to write an extractor. Empty: the OAuth2 extractor.
var tokenHeader = os.Getenv("ARTICLE_TOKEN_HEADER")

func extractor() request.Extractor {
	if tokenHeader != "" {
		return request.HeaderExtractor{tokenHeader}
	}
	return request.OAuth2Extractor
}

func verificationKey(token *jwt.Token) (interface{}, error) {
	if token.Method != jwt.SigningMethodHS256 {
		return nil, errors.New("expected a token signed with HS256")
	}
	return secret, nil
}

// The whole door: gorilla calls it before it answers the upgrade, and answers 403 where it returns false.
func checkToken(r *http.Request) bool {
	token, err := request.ParseFromRequest(r, extractor(), verificationKey)
	if err != nil || !token.Valid {
		return false
	}
	user, _ := token.Claims.(jwt.MapClaims)["sub"].(string)
	*r = *r.WithContext(context.WithValue(r.Context(), userKey{}, user))
	return true
}

var upgrader = websocket.Upgrader{CheckOrigin: checkToken}

func serveRoom(w http.ResponseWriter, r *http.Request) {
	if !roomPath.MatchString(r.URL.Path) {
		http.NotFound(w, r)
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		log.Print("upgrade: ", err)
		return
	}
	defer conn.Close()
	user := r.Context().Value(userKey{})
	if conn.WriteJSON(map[string]interface{}{"event": "hello", "data": user}) != nil {
		return
	}
	for {
		var message struct {
			Event string `json:"event"`
		}
		if conn.ReadJSON(&message) != nil {
			return
		}
		if conn.WriteJSON(map[string]interface{}{"event": "you", "data": user}) != nil {
			return
		}
	}
}

func main() {
	if len(secret) == 0 {
		log.Fatal("Expected ARTICLE_SECRET to be the secret that tokens are signed with, but it is not set.")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on %d\n", listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(listener, http.HandlerFunc(serveRoom)))
}
