package twilioapi

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of a request, and the provider's bound on a message's text.
const (
	maxRequestBytes = 1 << 20
	maxBody         = 1600 // characters
	maxPage         = 1000
)

// apiError is the body of a refused request
// (https://www.twilio.com/docs/usage/twilios-response#twilio-exceptions).
type apiError struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Status   int    `json:"status"`
}

var (
	notFound     = apiError{Code: 20404, Status: 404, Message: "The requested resource was not found"}
	unauthorised = apiError{Code: 20003, Status: 401, Message: "Authenticate"}
	// messages of the codes that a request to send may be refused with.
	refusals = map[int]string{
		20429: "Too Many Requests",
		20500: "Internal Server Error",
		21211: "Invalid 'To' Phone Number",
		21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
		21602: "Message body is required.",
		21606: "The 'From' phone number is not a valid, message-capable Twilio phone number",
		21610: "Attempt to send to unsubscribed recipient",
		21614: "'To' number is not a valid mobile number",
		21617: "The concatenated message body exceeds the 1600 character limit",
		63016: "Failed to send freeform message because you are outside the allowed window",
	}
)

func refusal(status, code int) apiError {
	message := refusals[code]
	if message == "" {
		message = http.StatusText(status)
	}
	return apiError{Code: code, Message: message, Status: status}
}

func writeError(w http.ResponseWriter, e apiError) {
	e.MoreInfo = fmt.Sprintf("https://www.twilio.com/docs/errors/%d", e.Code)
	if e.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
	}
	writeJSON(w, e.Status, e)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client went away
}

// signedIn lets in who knows the account's token.
func (s *Server) signedIn(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name, password, _ := r.BasicAuth()
		if name != s.config.AccountSID || subtle.ConstantTimeCompare([]byte(password), []byte(s.config.AuthToken)) != 1 {
			writeError(w, unauthorised)
			return
		}
		if account := strings.TrimSuffix(r.PathValue("account"), ".json"); account != s.config.AccountSID {
			writeError(w, notFound)
			return
		}
		next(w, r)
	}
}

func (s *Server) account(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"sid": s.config.AccountSID, "friendly_name": "Sandbox", "status": "active", "type": "Full",
		"uri": "/2010-04-01/Accounts/" + s.config.AccountSID + ".json",
	})
}

// create is POST Messages.json.
func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequestBytes)
	if err := r.ParseForm(); err != nil {
		writeError(w, refusal(http.StatusBadRequest, 20001))
		return
	}
	fault := s.takeFault()
	switch {
	case fault.Hang:
		s.hang(r)
		return
	case fault.Status != 0:
		if fault.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(fault.RetryAfter/time.Second)))
		}
		code := fault.Code
		if code == 0 {
			code = 20000 + fault.Status
		}
		writeError(w, refusal(fault.Status, code))
		return
	}
	form := r.PostForm
	if code := s.refuses(form); code != 0 {
		writeError(w, refusal(http.StatusBadRequest, code))
		return
	}
	m := s.accept(form)
	s.ring()
	s.progress(m.SID, m.To)
	switch {
	case fault.CutAfterAccept:
		cut(w)
	case fault.HangAfterAccept:
		s.hang(r)
	default:
		writeJSON(w, http.StatusCreated, m.json(s.config.AccountSID))
	}
}

// refuses checks a request as the provider does and returns its error code.
func (s *Server) refuses(form url.Values) int {
	to, from, body := form.Get("To"), form.Get("From"), form.Get("Body")
	number, whatsapp := strings.CutPrefix(to, "whatsapp:")
	sender, fromWhatsApp := strings.CutPrefix(from, "whatsapp:")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch fates := s.fates[to]; {
	case !isE164(number):
		return 21211
	case whatsapp != fromWhatsApp || !slices.Contains(s.config.Numbers, sender):
		return 21606
	case body == "" && form.Get("MediaUrl") == "":
		return 21602
	case utf8.RuneCountInString(body) > maxBody:
		return 21617
	case s.stopped[from+" "+to]:
		return 21610
	case len(fates) > 0 && fates[0].Status == "":
		return fates[0].ErrorCode
	}
	return 0
}

func isE164(number string) bool {
	if len(number) < 8 || len(number) > 16 || number[0] != '+' {
		return false
	}
	return strings.Trim(number[1:], "0123456789") == ""
}

func (s *Server) accept(form url.Values) Message {
	now := s.config.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &Message{
		SID: s.sid("SM"), Direction: Outbound, From: form.Get("From"), To: form.Get("To"), Body: form.Get("Body"),
		Status: "queued", Segments: Segments(form.Get("Body")), Created: now, Updated: now,
		Callback: form.Get("StatusCallback"), History: []string{"queued"},
	}
	s.messages = append(s.messages, m)
	return m.clone()
}

// hang answers nothing until the client or the server gives up.
func (s *Server) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.ctx.Done():
	}
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			_ = conn.Close() // the client sees it cut
		}
	}
}

// fetch is GET Messages/{sid}.json.
func (s *Server) fetch(w http.ResponseWriter, r *http.Request) {
	sid := strings.TrimSuffix(r.PathValue("message"), ".json")
	for _, m := range s.Messages() {
		if m.SID == sid {
			writeJSON(w, http.StatusOK, m.json(s.config.AccountSID))
			return
		}
	}
	writeError(w, notFound)
}

// list is GET Messages.json, newest first.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var matched []map[string]any
	for _, m := range slices.Backward(s.Messages()) {
		if matches(m, query) {
			matched = append(matched, m.json(s.config.AccountSID))
		}
	}
	size, _ := strconv.Atoi(query.Get("PageSize"))
	if size < 1 || size > maxPage {
		size = 50
	}
	page, _ := strconv.Atoi(query.Get("Page"))
	page = max(page, 0)
	start := min(page*size, len(matched))
	end := min(start+size, len(matched))
	uri := func(page int) string {
		q := r.URL.Query()
		q.Set("PageSize", strconv.Itoa(size))
		q.Set("Page", strconv.Itoa(page))
		return r.URL.Path + "?" + q.Encode()
	}
	body := map[string]any{
		"messages": append([]map[string]any{}, matched[start:end]...), "page": page, "page_size": size, "start": start, "end": max(end-1, 0),
		"uri": uri(page), "first_page_uri": uri(0), "next_page_uri": nil, "previous_page_uri": nil,
	}
	if end < len(matched) {
		body["next_page_uri"] = uri(page + 1)
	}
	if page > 0 {
		body["previous_page_uri"] = uri(page - 1)
	}
	writeJSON(w, http.StatusOK, body)
}

func matches(m Message, query url.Values) bool {
	if to := query.Get("To"); to != "" && to != m.To {
		return false
	}
	if from := query.Get("From"); from != "" && from != m.From {
		return false
	}
	sent := m.Sent
	if sent.IsZero() {
		sent = m.Created
	}
	if on, _, ok := when(query.Get("DateSent")); ok && on.UTC().Format(time.DateOnly) != sent.UTC().Format(time.DateOnly) {
		return false
	}
	if before, isDay, ok := when(query.Get("DateSent<")); ok {
		if isDay { // "on and before"
			before = before.AddDate(0, 0, 1)
		}
		if sent.After(before) {
			return false
		}
	}
	if after, _, ok := when(query.Get("DateSent>")); ok && sent.Before(after) {
		return false
	}
	return true
}

// when reads a day (GMT) or a moment.
func when(text string) (t time.Time, isDay, ok bool) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, true, true
	}
	moment, err := time.Parse(time.RFC3339, text)
	return moment, false, err == nil
}

// fetchMedia is GET Messages/{sid}/Media/{sid}: as at the provider, it redirects
// to the file's own address, which needs no password.
func (s *Server) fetchMedia(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("media")
	s.mu.Lock()
	_, ok := s.media[id]
	s.mu.Unlock()
	if !ok {
		writeError(w, notFound)
		return
	}
	http.Redirect(w, r, "/media/"+id, http.StatusTemporaryRedirect)
}

func (s *Server) serveMedia(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	file, ok := s.media[r.PathValue("media")]
	s.mu.Unlock()
	if !ok {
		writeError(w, notFound)
		return
	}
	w.Header().Set("Content-Type", file.ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(file.Data)))
	_, _ = w.Write(file.Data) // the client went away
}
