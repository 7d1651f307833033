// Libraries for Go against a Madang that ../run.py has started: each connects,
// publishes, and verifies the receipt where there is one. A line of JSON for each.
package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"
	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/fxamacker/cbor/v2"
	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/udp"
	"github.com/veraison/go-cose"
)

// For one step; long enough for a busy machine.
const patience = 30 * time.Second

// How long a library is watched that may do nothing at all.
const watch = 4 * time.Second

type key struct {
	Pem    string `json:"pem"`
	Device string `json:"device"`
	Token  string `json:"token"`
}

var peer struct {
	Host     string            `json:"host"`
	Mqtt     int               `json:"mqtt"`
	Coap     int               `json:"coap"`
	Http     string            `json:"http"`
	Audience string            `json:"audience"`
	Base     int               `json:"base"`
	Platform map[string]string `json:"platform"`
	Ed       key               `json:"ed25519"`
	Es       key               `json:"es256"`
}

var counter, sequence int

func nextValue() int {
	counter++
	return peer.Base + counter
}

func versionOf(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return strings.TrimPrefix(dependency.Version, "v")
		}
	}
	return "?"
}

type line struct {
	Library string `json:"library"`
	Version string `json:"version"`
	Does    string `json:"does"`
	Ok      bool   `json:"ok"`
	Note    string `json:"note"`
	Value   *int   `json:"value,omitempty"`
}

// report runs work, which gives a value that is to be stored (0 for none).
func report(library, module, does string, work func() (int, string, error)) {
	value, note, err := work()
	told := line{Library: library, Version: versionOf(module), Does: does, Ok: err == nil, Note: note}
	if err != nil {
		told.Note = err.Error()
	} else if value != 0 {
		told.Value = &value
	}
	text, _ := json.Marshal(told)
	fmt.Println(string(text))
}

func signer(k key) crypto.Signer {
	block, _ := pem.Decode([]byte(k.Pem))
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	return private.(crypto.Signer)
}

func claims(k key) map[string]any {
	now := time.Now().Unix()
	return map[string]any{"sub": k.Device, "aud": peer.Audience, "iat": now, "exp": now + 3600}
}

func compact(value int) []byte { return []byte(fmt.Sprintf(`{"v":{"pm25":%d}}`, value)) }

func topic(k key) string { return "devices/" + k.Device + "/telemetry" }

// JWT

func overHTTP(k key, make func(key) (string, error)) func() (int, string, error) {
	return func() (int, string, error) {
		token, err := make(k)
		if err != nil {
			return 0, "", err
		}
		value := nextValue()
		request, _ := http.NewRequest("POST", peer.Http+"/v1/devices/"+k.Device+"/telemetry",
			bytes.NewReader(compact(value)))
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, "", err
		}
		defer answer.Body.Close()
		if answer.StatusCode != 200 {
			text, _ := io.ReadAll(answer.Body)
			return 0, "", fmt.Errorf("HTTP %d: %s", answer.StatusCode, text)
		}
		head, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
		var header struct {
			Alg string `json:"alg"`
		}
		_ = json.Unmarshal(head, &header)
		return value, "alg " + header.Alg, nil
	}
}

func golangJwt(method jwt.SigningMethod) func(key) (string, error) {
	return func(k key) (string, error) {
		return jwt.NewWithClaims(method, jwt.MapClaims(claims(k))).SignedString(signer(k))
	}
}

func goJose(algorithm jose.SignatureAlgorithm) func(key) (string, error) {
	return func(k key) (string, error) {
		made, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: signer(k)}, nil)
		if err != nil {
			return "", err
		}
		body, _ := json.Marshal(claims(k))
		signed, err := made.Sign(body)
		if err != nil {
			return "", err
		}
		return signed.CompactSerialize()
	}
}

func jwx(algorithm jwa.SignatureAlgorithm) func(key) (string, error) {
	return func(k key) (string, error) {
		body, _ := json.Marshal(claims(k))
		signed, err := jws.Sign(body, jws.WithKey(algorithm, signer(k)))
		return string(signed), err
	}
}

// MQTT

func options(token string) *mqtt.ClientOptions {
	return mqtt.NewClientOptions().
		AddBroker(fmt.Sprintf("tcp://%s:%d", peer.Host, peer.Mqtt)).
		SetClientID(peer.Ed.Device).SetUsername(peer.Ed.Device).SetPassword(token)
}

func wait(token mqtt.Token, what string) error {
	if !token.WaitTimeout(patience) {
		return errors.New(what + ": nothing came")
	}
	return token.Error()
}

func pahoV3() (int, string, error) {
	client := mqtt.NewClient(options(peer.Ed.Token))
	if err := wait(client.Connect(), "CONNACK"); err != nil {
		return 0, "", err
	}
	defer client.Disconnect(100)
	value := nextValue()
	return value, "", wait(client.Publish(topic(peer.Ed), 1, false, compact(value)), "PUBACK")
}

func pahoV3Refused() (int, string, error) {
	err := wait(mqtt.NewClient(options(peer.Es.Token)).Connect(), "CONNACK")
	if err == nil {
		return 0, "", errors.New("it was let in")
	}
	return 0, "Connect: " + err.Error(), nil
}

// A publish that is not allowed must not stop what comes after it.
func pahoV3Elsewhere() (int, string, error) {
	connects := 0
	client := mqtt.NewClient(options(peer.Ed.Token).SetOnConnectHandler(func(mqtt.Client) { connects++ }))
	if err := wait(client.Connect(), "CONNACK"); err != nil {
		return 0, "", err
	}
	defer client.Disconnect(100)
	foreign := client.Publish(topic(peer.Es), 1, false, compact(1))
	large := client.Publish(topic(peer.Ed), 1, false, bytes.Repeat([]byte(" "), 80_000))
	value := nextValue()
	if err := wait(client.Publish(topic(peer.Ed), 1, false, compact(value)), "the next publish"); err != nil {
		return 0, "", err
	}
	note := fmt.Sprintf("another's topic: %s; 80,000 bytes: %s; %d connect(s)",
		said(foreign.Error()), said(large.Error()), connects)
	return value, note, nil
}

func said(err error) string {
	if err == nil {
		return "success"
	}
	return err.Error()
}

func auto(token string, attempts *int, failures *[]string) (*autopaho.ConnectionManager, context.CancelFunc) {
	server, _ := url.Parse(fmt.Sprintf("mqtt://%s:%d", peer.Host, peer.Mqtt))
	ctx, cancel := context.WithCancel(context.Background())
	manager, err := autopaho.NewConnection(ctx, autopaho.ClientConfig{
		ServerUrls: []*url.URL{server}, KeepAlive: 60,
		ConnectUsername: peer.Ed.Device, ConnectPassword: []byte(token),
		OnConnectError: func(err error) {
			*attempts++
			*failures = append(*failures, err.Error())
		},
		ClientConfig: paho.ClientConfig{ClientID: peer.Ed.Device},
	})
	if err != nil {
		panic(err)
	}
	return manager, cancel
}

func pahoV5() (int, string, error) {
	var attempts int
	var failures []string
	manager, cancel := auto(peer.Ed.Token, &attempts, &failures)
	defer cancel()
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	if err := manager.AwaitConnection(ctx); err != nil {
		return 0, "", fmt.Errorf("%w %v", err, failures)
	}
	value := nextValue()
	answer, err := manager.Publish(ctx, &paho.Publish{QoS: 1, Topic: topic(peer.Ed), Payload: compact(value)})
	if err != nil {
		return 0, "", err
	}
	foreign, err := manager.Publish(ctx, &paho.Publish{QoS: 1, Topic: topic(peer.Es), Payload: compact(1)})
	note := fmt.Sprintf("PUBACK has offset %s; another's topic: %s", answer.Properties.User.Get("offset"), said(err))
	if foreign != nil {
		note += fmt.Sprintf(" (0x%02x)", foreign.ReasonCode)
	}
	_ = manager.Disconnect(ctx)
	return value, note, nil
}

func pahoV5Refused() (int, string, error) {
	var attempts int
	var failures []string
	_, cancel := auto(peer.Es.Token, &attempts, &failures)
	time.Sleep(watch)
	cancel()
	if len(failures) == 0 {
		return 0, "", errors.New("it was let in")
	}
	return 0, fmt.Sprintf("%s; %d attempt(s) in %s", failures[0], attempts, watch), nil
}

// CoAP and COSE

func post(k key, body []byte) ([]byte, error) {
	client, err := udp.Dial(fmt.Sprintf("%s:%d", peer.Host, peer.Coap))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answer, err := client.Post(ctx, "/devices/"+k.Device+"/telemetry", message.MediaType(18), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	payload, err := answer.ReadBody()
	if answer.Code() != codes.Changed {
		return nil, fmt.Errorf("%v %q", answer.Code(), payload)
	}
	return payload, err
}

func externalAad(k key) []byte {
	aad, _ := cbor.Marshal([]string{"madang/1", "POST", "/devices/" + k.Device + "/telemetry"})
	return aad
}

func goCose(k key, algorithm cose.Algorithm, tagged bool, pad int) func() (int, string, error) {
	return func() (int, string, error) {
		made, err := cose.NewSigner(algorithm, signer(k))
		if err != nil {
			return 0, "", err
		}
		value := nextValue()
		sequence++
		signed := cose.NewSign1Message()
		signed.Headers.Protected = cose.ProtectedHeader{
			cose.HeaderLabelAlgorithm: algorithm, cose.HeaderLabelContentType: int64(110),
			cose.HeaderLabelKeyID: []byte(k.Device), int64(-70001): int64(1), int64(-70002): int64(sequence),
		}
		signed.Payload = []byte(strings.Repeat(" ", pad) + fmt.Sprintf(`[{"n":"pm25","v":%d}]`, value))
		if err := signed.Sign(rand.Reader, externalAad(k), made); err != nil {
			return 0, "", err
		}
		body, err := signed.MarshalCBOR()
		if err != nil {
			return 0, "", err
		}
		if !tagged {
			bare := cose.UntaggedSign1Message(*signed)
			if body, err = bare.MarshalCBOR(); err != nil {
				return 0, "", err
			}
		}
		answer, err := post(k, body)
		if err != nil {
			return 0, "", err
		}
		offset, err := verify(k, algorithm, tagged, answer, body)
		return value, fmt.Sprintf("%d bytes, tagged %v; receipt verified, offset %d", len(body), tagged, offset), err
	}
}

func verify(k key, algorithm cose.Algorithm, tagged bool, answer, body []byte) (uint64, error) {
	var receipt cose.Sign1Message
	if tagged {
		if err := receipt.UnmarshalCBOR(answer); err != nil {
			return 0, err
		}
	} else {
		var bare cose.UntaggedSign1Message
		if err := bare.UnmarshalCBOR(answer); err != nil {
			return 0, err
		}
		receipt = cose.Sign1Message(bare)
	}
	var public crypto.PublicKey
	if k == peer.Ed {
		raw, _ := base64.RawURLEncoding.DecodeString(peer.Platform["EdDSA"])
		public = ed25519.PublicKey(raw)
	} else {
		raw, _ := base64.RawURLEncoding.DecodeString(peer.Platform["ES256"])
		public = &ecdsa.PublicKey{Curve: elliptic.P256(),
			X: new(big.Int).SetBytes(raw[1:33]), Y: new(big.Int).SetBytes(raw[33:])}
	}
	verifier, err := cose.NewVerifier(algorithm, public)
	if err != nil {
		return 0, err
	}
	if err := receipt.Verify(nil, verifier); err != nil {
		return 0, err
	}
	var told map[int]any
	if err := cbor.Unmarshal(receipt.Payload, &told); err != nil {
		return 0, err
	}
	digest := sha256.Sum256(body)
	if !bytes.Equal(told[2].([]byte), digest[:]) {
		return 0, errors.New("the receipt is another message's")
	}
	return told[1].(uint64), nil
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = json.Unmarshal(text, &peer)
	}
	if err != nil {
		panic(err)
	}
	// A library's resolver must not go anywhere.
	net.DefaultResolver.PreferGo = true
	const (
		golangJwtModule = "github.com/golang-jwt/jwt/v5"
		goJoseModule    = "github.com/go-jose/go-jose/v4"
		jwxModule       = "github.com/lestrrat-go/jwx/v3"
		pahoModule      = "github.com/eclipse/paho.mqtt.golang"
		autoModule      = "github.com/eclipse/paho.golang"
		coseModule      = "github.com/veraison/go-cose"
		coapModule      = "github.com/plgd-dev/go-coap/v3"
	)
	report("golang-jwt", golangJwtModule, "JWT, EdDSA", overHTTP(peer.Ed, golangJwt(jwt.SigningMethodEdDSA)))
	report("golang-jwt", golangJwtModule, "JWT, ES256", overHTTP(peer.Es, golangJwt(jwt.SigningMethodES256)))
	report("go-jose", goJoseModule, "JWT, EdDSA", overHTTP(peer.Ed, goJose(jose.EdDSA)))
	report("go-jose", goJoseModule, "JWT, ES256", overHTTP(peer.Es, goJose(jose.ES256)))
	report("jwx", jwxModule, "JWT, EdDSA", overHTTP(peer.Ed, jwx(jwa.EdDSA())))
	report("jwx", jwxModule, "JWT, Ed25519", overHTTP(peer.Ed, jwx(jwa.EdDSAEd25519())))
	report("paho.mqtt.golang", pahoModule, "MQTT 3.1.1, QoS 1", pahoV3)
	report("paho.mqtt.golang", pahoModule, "MQTT 3.1.1, wrong token", pahoV3Refused)
	report("paho.mqtt.golang", pahoModule, "MQTT 3.1.1, refused publishes", pahoV3Elsewhere)
	report("paho.golang (autopaho)", autoModule, "MQTT 5, QoS 1", pahoV5)
	report("paho.golang (autopaho)", autoModule, "MQTT 5, wrong token", pahoV5Refused)
	for _, tagged := range []bool{true, false} {
		report("go-cose", coseModule, "COSE, EdDSA, by go-coap", goCose(peer.Ed, cose.AlgorithmEdDSA, tagged, 0))
		report("go-cose", coseModule, "COSE, ES256, by go-coap", goCose(peer.Es, cose.AlgorithmES256, tagged, 0))
	}
	report("go-coap", coapModule, "CoAP, 3,000 bytes", goCose(peer.Ed, cose.AlgorithmEdDSA, true, 3000))
}
