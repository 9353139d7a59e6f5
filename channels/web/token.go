package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// errToken is a token that this site did not make, or not for this purpose.
var errToken = errors.New("token is not ours")

// signer makes tokens that a page hands out and gets back. Each holds an id and
// when it was issued, and is good for one purpose.
type signer struct {
	secret []byte
	now    func() time.Time
	random io.Reader
}

// stamp is what a token says.
type stamp struct {
	ID  string
	Age time.Duration
}

// fresh makes a token with a new random id of 128 bits.
func (s signer) fresh(purpose string) (string, error) {
	var nonce [16]byte
	if _, err := io.ReadFull(s.random, nonce[:]); err != nil {
		return "", fmt.Errorf("draw form token: %w", err)
	}
	return s.seal(purpose, base64.RawURLEncoding.EncodeToString(nonce[:])), nil
}

func (s signer) seal(purpose, id string) string {
	body := binary.BigEndian.AppendUint64(nil, uint64(s.now().Unix()))
	body = append(body, id...)
	return base64.RawURLEncoding.EncodeToString(body) + "." + base64.RawURLEncoding.EncodeToString(s.sign(purpose, body))
}

func (s signer) open(purpose, token string) (stamp, error) {
	if len(token) > 400 {
		return stamp{}, errToken
	}
	payload, signature, _ := strings.Cut(token, ".")
	body, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil || len(body) < 8 {
		return stamp{}, errToken
	}
	given, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(given, s.sign(purpose, body)) {
		return stamp{}, errToken
	}
	issued := time.Unix(int64(binary.BigEndian.Uint64(body)), 0)
	return stamp{ID: string(body[8:]), Age: s.now().Sub(issued)}, nil
}

func (s signer) sign(purpose string, body []byte) []byte {
	mac := hmac.New(sha256.New, s.secret)
	_ = binary.Write(mac, binary.BigEndian, uint32(len(purpose))) // a hash never fails to write
	mac.Write([]byte(purpose))
	mac.Write(body)
	return mac.Sum(nil)
}
