package cases

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// replyTokenLength is 130 bits in base 32.
const replyTokenLength = 26

// ReplyToken is the secret part of the address to which one recipient sends
// answers about a case: an HMAC under the case's own secret, so that it is the
// same for every message and tells neither the case nor the tracking token.
func ReplyToken(c Case, recipient Address) string {
	mac := hmac.New(sha256.New, []byte(c.Token))
	_, _ = mac.Write([]byte("reply\x00" + recipient.Channel + "\x00" + recipient.Value))
	return strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)))[:replyTokenLength]
}
