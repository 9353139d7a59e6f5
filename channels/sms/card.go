package sms

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/redress-cms/redress/channels"
)

// Bounds of a shared contact card that is read.
const (
	maxCard      = 64 << 10 // bytes
	maxCardLines = 400
	maxCardText  = 500 // bytes
)

// isCard reports whether a file is a contact card (RFC 6350, 10.1; the second
// name is what phones send).
func isCard(contentType string) bool {
	base, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	return base == "text/vcard" || base == "text/x-vcard"
}

// cardText shows the contact cards among the files as text. Whoever is on one
// is not the sender: anybody can share anybody's.
func (a *account) cardText(ctx context.Context, files []channels.Attachment) (string, error) {
	var cards []string
	for _, file := range files {
		if !isCard(file.ContentType) || file.Size > maxCard {
			continue
		}
		content, err := a.Files.Get(ctx, file.SHA256)
		if err != nil {
			return "", fmt.Errorf("open a contact card: %w", err)
		}
		data, err := io.ReadAll(io.LimitReader(content, maxCard))
		_ = content.Close() // only read
		if err != nil {
			return "", fmt.Errorf("read a contact card: %w", err)
		}
		if text := readCard(clean(string(data))); text != "" {
			cards = append(cards, text)
		}
	}
	return strings.Join(cards, "\n"), nil
}

// readCard is the name and the numbers of a contact card. Lines that begin
// with a blank go on with the one before (RFC 6350, 3.2).
func readCard(card string) string {
	var lines []string
	scanner := bufio.NewScanner(strings.NewReader(card))
	scanner.Buffer(nil, maxCard)
	for scanner.Scan() && len(lines) < maxCardLines {
		line := scanner.Text()
		if n := len(lines); n > 0 && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")) {
			lines[n-1] += line[1:]
			continue
		}
		lines = append(lines, line)
	}
	name, rest := "", ""
	for _, line := range lines {
		head, value, _ := strings.Cut(line, ":")
		property, _, _ := strings.Cut(strings.ToUpper(head), ";")
		if _, grouped, ok := strings.Cut(property, "."); ok { // "item1.TEL"
			property = grouped
		}
		value = strings.TrimPrefix(strings.NewReplacer(`\n`, " ", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(value), "tel:")
		switch property {
		case "FN":
			name = value
		case "TEL", "ORG":
			rest += " " + value
		}
	}
	text := strings.Join(strings.Fields(name+" "+rest), " ")
	if len(text) > maxCardText {
		text = strings.ToValidUTF8(text[:maxCardText], "")
	}
	return text
}
