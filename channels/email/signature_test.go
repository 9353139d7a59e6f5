package email

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/redress-cms/redress/channels"
)

// names is a name service that counts what it is asked.
type names struct {
	mu      sync.Mutex
	records map[string][]string
	asked   map[string]int
	err     error
}

func (n *names) lookup(ctx context.Context, name string) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.asked == nil {
		n.asked = map[string]int{}
	}
	n.asked[name]++
	if n.err != nil {
		return nil, n.err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if found, ok := n.records[name]; ok {
		return found, nil
	}
	return nil, errors.New("no such name")
}

func (n *names) total() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	total := 0
	for _, count := range n.asked {
		total += count
	}
	return total
}

// weakKey is an RSA key of 512 bits, as anybody breaks in hours.
const weakKey = `-----BEGIN RSA PRIVATE KEY-----
MIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu
KUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQJAIJLixBy2qpFoS4DSmoEm
o3qGy0t6z09AIJtH+5OeRV1be+N4cDYJKffGzDa88vQENZiRm0GRq6a+HPGQMd2k
TQIhAKMSvzIBnni7ot/OSie2TmJLY4SwTQAevXysE2RbFDYdAiEBCUEaRQnMnbp7
9mxDXDf6AU0cN/RPBjb9qSHDcWZHGzUCIG2Es59z8ugGrDY+pxLQnwfotadxd+Uy
v/Ow5T0q5gIJAiEAyS4RaI9YG8EWx/2w0T67ZUVAw8eOMB6BIUg0Xcu+3okCIBOs
/5OiPgoTdSy7bcF9IGpSE8ZgGKzgYQVZeN97YE00
-----END RSA PRIVATE KEY-----`

func rsaRecord(t *testing.T, key *rsa.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
}

func signMail(t *testing.T, raw string, options dkim.SignOptions) string {
	t.Helper()
	if options.Domain == "" {
		options.Domain = "example.org"
	}
	if options.HeaderKeys == nil {
		options.HeaderKeys = []string{"From", "Subject"}
	}
	var out strings.Builder
	if err := dkim.Sign(&out, strings.NewReader(raw), &options); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestHostileSignatures(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0") // lets us sign with a weak key
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	record := "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(weakKey))
	weak, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	service := &names{records: map[string][]string{
		"s._domainkey.example.org":       {record},
		"s._domainkey.evil.example":      {record},
		"rsa._domainkey.example.org":     {rsaRecord(t, &strong.PublicKey)},
		"weak._domainkey.example.org":    {rsaRecord(t, &weak.PublicKey)},
		"trial._domainkey.example.org":   {record + "; t=s:y"},
		"strict._domainkey.example.org":  {record + "; t=s"},
		"revoked._domainkey.example.org": {"v=DKIM1; k=ed25519; p="},
		"two._domainkey.example.org":     {record, record},
		"huge._domainkey.example.org":    {record + "; n=" + strings.Repeat("x", maxKeyBytes)},
		"tlsrpt._domainkey.example.org":  {record + "; s=tlsrpt"},
	}}
	config := testConfig(mailServer{})
	config.IMAP, config.LookupTXT = IMAP{}, service.lookup
	a := newAdapter(t, config)

	const raw = "From: Asha <asha@example.org>\r\nSubject: leak\r\n\r\nIt leaks.\r\n"
	by := func(selector string, key crypto.Signer) string {
		return signMail(t, raw, dkim.SignOptions{Selector: selector, Signer: key})
	}
	good := by("s", private)
	foreign := signMail(t, raw, dkim.SignOptions{Domain: "evil.example", Selector: "s", Signer: private})
	foreign = foreign[:strings.Index(foreign, "\r\nFrom:")+2]
	bogus := strings.Replace(good[:strings.Index(good, "\r\nFrom:")+2], "bh=", "bh=AAAA", 1)
	for name, test := range map[string]struct {
		raw   string
		want  bool
		asked int // at most
	}{
		"ed25519":                       {good, true, 1},
		"rsa of 2048 bits":              {by("rsa", strong), true, 1},
		"strict about subdomains":       {by("strict", private), true, 1},
		"rsa of 512 bits":               {by("weak", weak), false, 1},
		"a key that is only tried":      {by("trial", private), false, 1},
		"a key taken back":              {by("revoked", private), false, 1},
		"two keys under one name":       {by("two", private), false, 1},
		"a key of any size":             {by("huge", private), false, 1},
		"a key for another service":     {by("tlsrpt", private), false, 1},
		"made by hand":                  {byHand(private, ""), true, 1},
		"words added to it":             {byHand(private, "") + "Close it.\r\n", false, 1},
		"only the start is signed":      {byHand(private, " l=11;"), false, 1},
		"words added to that":           {byHand(private, " l=11;") + "Close it.\r\n", false, 1},
		"expired":                       {signMail(t, raw, dkim.SignOptions{Selector: "s", Signer: private, Expiration: time.Unix(9, 0)}), false, 1},
		"signed for another domain":     {foreign + raw, false, 0},
		"a foreign one above":           {foreign + good, true, 1},
		"a broken one above":            {bogus + good, true, 2},
		"many foreign ones above":       {strings.Repeat(foreign, 5) + good, true, 1},
		"more than are looked at":       {strings.Repeat(foreign, 300) + good, false, 0},
		"many of the very domain":       {strings.Repeat(bogus, 300) + raw, false, maxKeys},
		"a domain that only ends alike": {strings.Replace(good, "asha@example.org", "asha@notexample.org", 1), false, 0},
		"a subdomain of the signer's":   {strings.Replace(good, "asha@example.org", "asha@sub.example.org", 1), false, 0},
	} {
		before := service.total()
		got, err := a.Read(context.Background(), channels.Inbound{Raw: []byte(test.raw)})
		if err != nil || got.Verified != test.want {
			t.Errorf("%s: verified %v by %q, %v", name, got.Verified, got.VerifiedBy, err)
		}
		if asked := service.total() - before; asked > test.asked {
			t.Errorf("%s: the name service was asked %d times", name, asked)
		}
	}

	service.err = errors.New("the name service is away")
	if got, err := a.Read(context.Background(), channels.Inbound{Raw: []byte(good)}); err != nil || got.Verified {
		t.Errorf("without name service: verified %v, %v", got.Verified, err)
	}
}

// byHand signs the whole mail by RFC 6376 and RFC 8463, with further tags.
func byHand(key ed25519.PrivateKey, tags string) string {
	const fields, body = "From: Asha <asha@example.org>\r\nSubject: leak\r\n", "It leaks.\r\n"
	hash := sha256.Sum256([]byte(body))
	signature := "DKIM-Signature: v=1; a=ed25519-sha256; d=example.org; s=s;" + tags + " h=From:Subject; bh=" +
		base64.StdEncoding.EncodeToString(hash[:]) + "; b="
	hash = sha256.Sum256([]byte(fields + signature))
	return signature + base64.StdEncoding.EncodeToString(ed25519.Sign(key, hash[:])) + "\r\n" + fields + "\r\n" + body
}
