package configs

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"time"
)

const (
	maxPollInterval = 24 * time.Hour
	returnToken     = "{token}" // in return_path
	maxReturnLocal  = 24        // what RFC 5321 leaves beside a token
)

var (
	// accountName appears in the addresses of webhooks.
	accountName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)
	// e164 is ITU-T E.164: a plus sign and up to 15 digits.
	e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	// secretToken is what Telegram allows (https://core.telegram.org/bots/api#setwebhook).
	secretToken = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
)

func (d *decoder) channels(s *Settings) {
	names := map[string]bool{}
	for i, e := range s.Channels.Email {
		path := fmt.Sprintf("channels.email[%d]", i)
		d.account(path, "email", e.Name, names)
		d.email(path, e)
	}
	numbers := map[string]bool{}
	for i, a := range s.Channels.SMS {
		path := fmt.Sprintf("channels.sms[%d]", i)
		d.account(path, "sms", a.Name, names)
		d.sms(path, a, numbers)
	}
	for i, t := range s.Channels.Telegram {
		path := fmt.Sprintf("channels.telegram[%d]", i)
		d.account(path, "telegram", t.Name, names)
		d.telegram(path, t, s.HTTP)
	}
}

// account checks that a name is there, fit for an address, and the only one of
// its channel.
func (d *decoder) account(path, channel, name string, seen map[string]bool) {
	path += ".name"
	switch {
	case !d.need(path, name, "give the account a short name, such as main"):
	case !accountName.MatchString(name):
		d.add(path, "%q is no name; use at most 40 small letters, digits, - and _", name)
	case seen[channel+"/"+name]:
		d.add(path, "%q is the name of another account of this channel; choose another", name)
	}
	seen[channel+"/"+name] = true
}

func (d *decoder) email(path string, e Email) {
	if e.IMAP.Address != "" {
		d.imap(path+".imap", e.IMAP)
	} else if d.has(path + ".imap") {
		d.add(path+".imap.address", "is missing; write host:993, or take imap out if this account only sends")
	}
	d.smtp(path+".smtp", e.SMTP)
	if d.need(path+".from", e.From, "write City Complaints <complaints@city.example>") {
		if _, err := mail.ParseAddress(e.From); err != nil {
			d.add(path+".from", "%q is no mail address; write City Complaints <complaints@city.example>", e.From)
		}
	}
	for i, id := range e.AuthServIDs {
		d.need(fmt.Sprintf("%s.auth_serv_ids[%d]", path, i), id, "write the host name your mail server puts into Authentication-Results")
	}
	d.addresses(path, e)
	for i, sender := range e.FormSenders {
		address := sender
		if strings.HasPrefix(sender, "@") {
			address = "anybody" + sender
		}
		if _, err := mail.ParseAddress(address); err != nil {
			d.add(fmt.Sprintf("%s.form_senders[%d]", path, i), "%q is neither an address nor @domain; write forms@site.example or @site.example", sender)
		}
	}
}

// addresses checks what else the mailbox is known by.
func (d *decoder) addresses(path string, e Email) {
	for i, alias := range e.Aliases {
		if parsed, err := mail.ParseAddress(alias); err != nil || parsed.Address != alias {
			d.add(fmt.Sprintf("%s.aliases[%d]", path, i), "%q is no mail address; write help@city.example", alias)
		}
	}
	local, domain, _ := strings.Cut(e.ReturnPath, "@")
	if _, err := mail.ParseAddress(strings.Replace(e.ReturnPath, returnToken, "token", 1)); e.ReturnPath != "" &&
		(err != nil || strings.Count(local, returnToken) != 1 || strings.Contains(domain, "{") || len(local) > len(returnToken)+maxReturnLocal) {
		d.add(path+".return_path", "%q is no address with {token} before the @ and at most %d characters beside it; write bounces+{token}@city.example",
			e.ReturnPath, maxReturnLocal)
	}
	from, err := mail.ParseAddress(e.From)
	if err == nil && e.PlusAddress && strings.LastIndexByte(from.Address, '@') > maxReturnLocal-1 {
		d.add(path+".plus_address", "needs a from with at most %d characters before the @; shorten it, or take plus_address out", maxReturnLocal-1)
	}
}

func (d *decoder) imap(path string, i IMAP) {
	d.hostPort(path+".address", i.Address, "imap.city.example:993")
	d.transport(path+".tls", i.TLS, i.Address, true)
	d.need(path+".username", i.Username, "write the mailbox's user name")
	d.login(path, true, i.Username, i.Password, i.OAuth2)
	d.need(path+".mailbox", i.Mailbox, "write INBOX")
	if i.PollInterval <= 0 || i.PollInterval > maxPollInterval {
		d.add(path+".poll_interval", "%s is not between nothing and a day; write it as 1m", i.PollInterval)
	}
	if folder, move := strings.CutPrefix(i.After, "move:"); i.After != "keep" && i.After != "seen" && (!move || strings.TrimSpace(folder) == "") {
		d.add(path+".after", "%q is not one of keep, seen, move:Folder", i.After)
	}
	d.certificates(path+".ca_file", i.CAFile)
}

func (d *decoder) smtp(path string, s SMTP) {
	if d.need(path+".address", s.Address, "write host:587 of the server that sends for this mailbox") {
		d.hostPort(path+".address", s.Address, "smtp.city.example:587")
	}
	d.transport(path+".tls", s.TLS, s.Address, s.Username != "")
	d.login(path, s.Username != "", s.Username, s.Password, s.OAuth2)
	d.certificates(path+".ca_file", s.CAFile)
}

// transport checks that no password goes over a network in the clear.
func (d *decoder) transport(path, mode, address string, signsIn bool) {
	d.oneOf(path, mode, "tls", "starttls", "none")
	host, _, err := net.SplitHostPort(address)
	if mode == "none" && signsIn && err == nil && !isLoopback(host) {
		d.add(path, "none would send the password in the clear; use tls or starttls")
	}
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// login checks that there is exactly one way to sign in, where one is needed.
func (d *decoder) login(path string, needed bool, username string, password Secret, oauth *OAuth2) {
	switch {
	case password != "" && oauth != nil:
		d.add(path+".oauth2", "is given and a password too; keep one")
	case needed && password == "" && oauth == nil:
		d.add(path+".password", "is missing; give password, password_file or oauth2")
	case !needed && (password != "" || oauth != nil) && username == "":
		d.add(path+".username", "is missing; a password alone signs nobody in")
	}
	if oauth != nil {
		d.oauth2(path+".oauth2", *oauth)
	}
}

func (d *decoder) oauth2(path string, o OAuth2) {
	if d.need(path+".token_url", o.TokenURL, "write the address that gives out tokens") {
		if u, ok := d.webURL(path+".token_url", o.TokenURL); ok && u.Scheme == "http" && !isLoopback(u.Hostname()) {
			d.add(path+".token_url", "would send the secrets in the clear; write it as https://host")
		}
	}
	d.need(path+".client_id", o.ClientID, "write the id of the registered application")
	if o.RefreshToken == "" && o.ClientSecret == "" {
		d.add(path+".refresh_token", "is missing; give a refresh_token, or a client_secret for client credentials")
	}
}

// certificates checks that a file of certificates holds at least one.
func (d *decoder) certificates(path, file string) {
	if file == "" {
		return
	}
	pem, err := os.ReadFile(d.path(file))
	if err != nil {
		d.add(path, "%s: %s; name a PEM file, or take it out to trust the system's authorities", file, cause(err))
	} else if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		d.add(path, "%s holds no certificate; name a PEM file", file)
	}
}

func (d *decoder) sms(path string, a SMS, numbers map[string]bool) {
	d.oneOf(path+".provider", a.Provider, "twilio")
	if d.need(path+".account_sid", a.AccountSID, "copy it from the provider's console; it begins with AC") && !strings.HasPrefix(a.AccountSID, "AC") {
		d.add(path+".account_sid", "does not begin with AC; copy it from the provider's console")
	}
	d.need(path+".auth_token", a.AuthToken.Reveal(), "without it anybody could post messages; give auth_token or auth_token_file")
	if a.APIBaseURL != "" {
		d.webURL(path+".api_base_url", a.APIBaseURL)
	}
	if len(a.Numbers)+len(a.WhatsAppNumbers) == 0 {
		d.add(path+".numbers", "is missing; list the numbers of this account as \"+15550001111\"")
	}
	for i, n := range a.Numbers {
		d.number(fmt.Sprintf("%s.numbers[%d]", path, i), n, "sms", numbers)
	}
	for i, n := range a.WhatsAppNumbers {
		d.number(fmt.Sprintf("%s.whatsapp_numbers[%d]", path, i), n, "whatsapp", numbers)
	}
	if a.SegmentsPerSecond <= 0 || a.SegmentsPerSecond > 10000 {
		d.add(path+".segments_per_second", "%g is not above 0 and up to 10000; ask the provider what the number may send", a.SegmentsPerSecond)
	}
}

func (d *decoder) number(path, n, kind string, seen map[string]bool) {
	if !e164.MatchString(n) {
		d.add(path, "%q is not an E.164 number; write + and country code, as \"+15550001111\"", n)
	} else if seen[kind+n] {
		d.add(path, "%s is there twice; keep one", n)
	}
	seen[kind+n] = true
}

func (d *decoder) telegram(path string, t Telegram, h HTTP) {
	d.need(path+".token", t.Token.Reveal(), "ask @BotFather for one; give token or token_file")
	if strings.ContainsAny(t.Token.Reveal(), " /\t\n") {
		d.add(path+".token", "holds a blank or a slash; copy it again from @BotFather")
	}
	if t.APIBaseURL != "" {
		d.webURL(path+".api_base_url", t.APIBaseURL)
	}
	d.oneOf(path+".mode", t.Mode, "poll", "webhook")
	d.oneOf(path+".audience", t.Audience, "complainants", "staff", "both")
	if t.Mode != "webhook" {
		return
	}
	if d.need(path+".secret_token", t.SecretToken.Reveal(), "without it anybody could post messages; choose a long random word of letters and digits") &&
		!secretToken.MatchString(t.SecretToken.Reveal()) {
		d.add(path+".secret_token", "may have only letters, digits, _ and -, at most 256")
	}
	if t.APIBaseURL == "" && !strings.HasPrefix(h.PublicURL, "https://") {
		d.add(path+".mode", "a webhook needs an https:// address in http.public_url; set it, or use mode: poll")
	}
}
