package botapi

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// The provider's bounds.
const (
	maxRequestBytes = 51 << 20
	maxText         = 4096 // UTF-16 units after entities are parsed
	maxButtonData   = 64   // bytes
	pressLife       = 150 * time.Second
)

// params are the parameters of a call, from a form or a JSON object.
type params map[string]string

func (p params) get(name string) string { return p[name] }

func (p params) int(name string) int {
	n, _ := strconv.Atoi(p[name])
	return n
}

// method is one method of the API.
type method func(r *http.Request, p params) (any, error)

func (s *Server) method(name string) method {
	switch strings.ToLower(name) {
	case "getme":
		return func(*http.Request, params) (any, error) { return s.bot, nil }
	case "getupdates":
		return s.getUpdates
	case "setwebhook":
		return s.setWebhook
	case "deletewebhook":
		return s.deleteWebhook
	case "getwebhookinfo":
		return s.getWebhookInfo
	case "sendphoto", "sendvoice", "sendaudio", "sendvideo", "senddocument":
		return s.sendFile(strings.TrimPrefix(strings.ToLower(name), "send"))
	case "sendmessage":
		return s.sendMessage
	case "editmessagetext", "editmessagereplymarkup":
		return s.editMessage
	case "answercallbackquery":
		return s.answerCallbackQuery
	case "getfile":
		return s.getFile
	case "getchat":
		return s.getChat
	case "sendchataction", "setmycommands", "deletemycommands", "setmydescription":
		return func(*http.Request, params) (any, error) { return true, nil }
	default:
		return nil
	}
}

// knows checks "bot<token>" of an address.
func (s *Server) knows(bot string) bool {
	return subtle.ConstantTimeCompare([]byte(bot), []byte("bot"+s.config.Token)) == 1
}

// serveMethod is {GET,POST} /bot<token>/<method>.
func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request) {
	if !s.knows(r.PathValue("bot")) {
		writeError(w, unauthorised)
		return
	}
	call := s.method(r.PathValue("method"))
	if call == nil {
		writeError(w, &apiError{code: 404, description: "Not Found"})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequestBytes)
	p, err := readParams(r)
	if err != nil {
		writeError(w, badRequest("can't parse the request"))
		return
	}
	var cut bool
	if name := strings.ToLower(r.PathValue("method")); name == "sendmessage" || name == "editmessagetext" {
		chatID, _ := strconv.ParseInt(p.get("chat_id"), 10, 64)
		fault := s.takeFault(chatID)
		switch {
		case fault.Hang:
			select {
			case <-r.Context().Done():
			case <-s.ctx.Done():
			}
			return
		case fault.Code != 0:
			writeError(w, fault.err())
			return
		}
		cut = fault.CutAfterAccept
	}
	result, err := call(r, p)
	switch {
	case err != nil:
		writeError(w, err)
	case cut:
		hijackAndClose(w)
	default:
		writeJSON(w, http.StatusOK, answer{OK: true, Result: result})
	}
}

func (f Fault) err() error {
	e := &apiError{code: f.Code, description: f.Text}
	if e.description == "" {
		e.description = http.StatusText(f.Code)
	}
	if f.RetryAfter > 0 {
		e.parameters = &parameters{RetryAfter: int(f.RetryAfter / time.Second)}
	}
	return e
}

func hijackAndClose(w http.ResponseWriter) {
	if hijacker, ok := w.(http.Hijacker); ok {
		if conn, _, err := hijacker.Hijack(); err == nil {
			_ = conn.Close() // the client sees it cut
		}
	}
}

func writeError(w http.ResponseWriter, err error) {
	var refused *apiError
	if !errors.As(err, &refused) {
		refused = &apiError{code: 500, description: "Internal Server Error"}
	}
	writeJSON(w, refused.code, answer{ErrorCode: refused.code, Description: refused.description, Parameters: refused.parameters})
}

func writeJSON(w http.ResponseWriter, status int, body answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client went away
}

// readParams reads the query and the body: a form of either kind, or JSON.
func readParams(r *http.Request) (params, error) {
	p := params{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		values := map[string]json.RawMessage{}
		decoder := json.NewDecoder(r.Body)
		if err := decoder.Decode(&values); err != nil {
			return nil, err
		}
		for name, value := range values {
			p[name] = string(value)
			var text string
			if bytes.HasPrefix(value, []byte(`"`)) && json.Unmarshal(value, &text) == nil {
				p[name] = text
			}
		}
		return p, nil
	}
	if err := r.ParseMultipartForm(maxRequestBytes); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, err
	}
	for name, values := range r.Form {
		p[name] = values[0]
	}
	return p, nil
}

// recipient finds the chat that the bot may write to.
func (s *Server) recipient(p params) (*chat, error) {
	id, err := strconv.ParseInt(p.get("chat_id"), 10, 64)
	if err != nil {
		return nil, badRequest("chat_id is empty")
	}
	c := s.chats[id]
	switch {
	case c == nil:
		return nil, badRequest("chat not found")
	case c.moved != 0:
		return nil, &apiError{
			code: 400, description: "Bad Request: group chat was upgraded to a supergroup chat",
			parameters: &parameters{MigrateToChatID: c.moved},
		}
	case c.blocked:
		return nil, &apiError{code: 403, description: "Forbidden: bot was blocked by the user"}
	}
	return c, nil
}

func (s *Server) sendMessage(_ *http.Request, p params) (any, error) {
	defer s.ring()
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.recipient(p)
	if err != nil {
		return nil, err
	}
	m := &Message{From: &s.bot}
	if err := m.setText(p); err != nil {
		return nil, err
	}
	if err := m.setMarkup(p); err != nil {
		return nil, err
	}
	if id := replyTarget(p); id != 0 {
		original := c.find(id)
		if original == nil && !strings.Contains(p.get("reply_parameters")+p.get("allow_sending_without_reply"), "true") {
			return nil, badRequest("message to be replied not found")
		}
		if original != nil {
			m.ReplyTo = original.shallow()
		}
	}
	m.Silent, _ = strconv.ParseBool(p.get("disable_notification"))
	s.add(c, m)
	return m.copied(), nil
}

// replyTarget reads what a message answers, in the old form or the new.
func replyTarget(p params) int {
	if id := p.int("reply_to_message_id"); id != 0 {
		return id
	}
	var target struct {
		ID int `json:"message_id"`
	}
	_ = json.Unmarshal([]byte(p.get("reply_parameters")), &target) // absent: answers nothing
	return target.ID
}

func (m *Message) setText(p params) error {
	text, entities, err := format(p.get("text"), p.get("parse_mode"))
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(text) == "":
		return badRequest("message text is empty")
	case len(utf16.Encode([]rune(text))) > maxText:
		return badRequest("message is too long")
	}
	m.Text, m.Entities = text, entities
	return nil
}

func (m *Message) setMarkup(p params) error {
	given := p.get("reply_markup")
	if given == "" || given == "null" {
		m.ReplyMarkup = nil
		return nil
	}
	var markup struct {
		Keyboard   [][]Button `json:"inline_keyboard"`
		ForceReply bool       `json:"force_reply"`
	}
	if err := json.Unmarshal([]byte(given), &markup); err != nil {
		return badRequest("can't parse reply keyboard markup JSON object")
	}
	for _, row := range markup.Keyboard {
		for _, b := range row {
			switch {
			case b.Text == "":
				return badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
			case len(b.Data) > maxButtonData:
				return badRequest("BUTTON_DATA_INVALID")
			case b.Data == "" && !reachable(b.URL):
				return badRequest("inline keyboard button URL '" + b.URL + "' is invalid: Wrong HTTP URL")
			}
		}
	}
	m.ForceReply = markup.ForceReply
	m.ReplyMarkup = nil
	if len(markup.Keyboard) > 0 {
		m.ReplyMarkup = &Markup{Keyboard: markup.Keyboard}
	}
	return nil
}

// reachable is the provider's rule for addresses under a button, except that
// it refuses localhost, which the sandbox must take.
func reachable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "tg")
}

func (s *Server) editMessage(_ *http.Request, p params) (any, error) {
	defer s.ring()
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.recipient(p)
	if err != nil {
		return nil, err
	}
	m := c.find(p.int("message_id"))
	switch {
	case m == nil:
		return nil, badRequest("message to edit not found")
	case m.From == nil || !m.From.IsBot:
		return nil, badRequest("message can't be edited")
	}
	edited := *m
	if _, ok := p["text"]; ok {
		if err := edited.setText(p); err != nil {
			return nil, err
		}
	}
	if err := edited.setMarkup(p); err != nil {
		return nil, err
	}
	if edited.Text == m.Text && reflect.DeepEqual(edited.Entities, m.Entities) && reflect.DeepEqual(edited.ReplyMarkup, m.ReplyMarkup) {
		return nil, badRequest("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	edited.EditDate = s.config.Now().Unix()
	*m = edited
	return m.copied(), nil
}

func (s *Server) answerCallbackQuery(_ *http.Request, p params) (any, error) {
	defer s.ring()
	s.mu.Lock()
	defer s.mu.Unlock()
	pressed := s.presses[p.get("callback_query_id")]
	if pressed == nil || pressed.Answered || s.config.Now().Sub(pressed.at) > pressLife {
		return nil, badRequest("query is too old and response timeout expired or query ID is invalid")
	}
	pressed.Answered, pressed.Answer = true, p.get("text")
	pressed.Alert, _ = strconv.ParseBool(p.get("show_alert"))
	return true, nil
}

func (s *Server) getChat(_ *http.Request, p params) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.recipient(p)
	if err != nil {
		return nil, err
	}
	return c.Chat, nil
}

func (s *Server) getFile(_ *http.Request, p params) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := p.get("file_id")
	file, ok := s.files[id]
	if !ok {
		return nil, badRequest("wrong file_id or the file is temporarily unavailable")
	}
	return map[string]any{
		"file_id": id, "file_unique_id": "u" + id, "file_size": len(file.data), "file_path": file.name,
	}, nil
}

// serveFile is GET /file/bot<token>/<path>.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	if !s.knows(r.PathValue("bot")) {
		writeError(w, unauthorised)
		return
	}
	s.mu.Lock()
	var data []byte
	for _, file := range s.files {
		if file.name == r.PathValue("path") {
			data = file.data
		}
	}
	s.mu.Unlock()
	if data == nil {
		writeError(w, &apiError{code: 404, description: "Not Found"})
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	_, _ = w.Write(data) // the client went away
}
