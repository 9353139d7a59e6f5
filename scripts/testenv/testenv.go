// Package testenv tells tests where the real servers are that scripts/test
// started. Without them a test is skipped, but in CI it fails.
package testenv

import (
	"os"
	"testing"
)

// The environment variables set by scripts/test.
const (
	Postgres = "REDRESS_TEST_POSTGRES" // URL of a superuser's database; tests make their own databases beside it
	Redis    = "REDRESS_TEST_REDIS"    // redis:// URL; tests use keys of their own prefix
	IMAP     = "REDRESS_TEST_IMAP"     // host:port of Dovecot, no TLS; any user, password "secret"
	SMTP     = "REDRESS_TEST_SMTP"     // host:port of OpenSMTPD; mail for USER@redress.test lands in Dovecot's USER
	Chromium = "REDRESS_TEST_CHROMIUM" // path of the browser
	Shared   = "REDRESS_SHARED"        // folder with corpora/
)

// Need returns the value of an environment variable. Where it is unset the
// test is skipped; in CI (CI is set) it fails.
func Need(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value != "" {
		return value
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not set: run the tests by scripts/test", name)
	}
	t.Skipf("%s is not set: run the tests by scripts/test", name)
	return ""
}
