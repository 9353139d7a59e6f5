package spool

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math"
	"time"

	"github.com/redress-cms/redress/channels"
)

// A segment is a run of records. A record is, big-endian:
//
//	magic   4 bytes "RSP1", or "RSP2" where the head names a file that has the
//	        raw message, so that a version that knows no such files keeps off
//	head    uint32, bytes of the head that follows the sizes
//	raw     uint32, bytes of the raw message that follows the head
//	…       head, JSON; then raw, as received
//	sum     uint32, CRC-32C of everything before it in the record
const (
	magic      = "RSP1"
	magicFile  = "RSP2"
	prefixSize = 12
	sumSize    = 4
)

var errDamaged = errors.New("spool record is damaged")

// head is what of a message goes into JSON. Its names stay as they are: an
// upgrade finds what the version before it spooled.
type head struct {
	Channel     string    `json:"channel"`
	Account     string    `json:"account"`
	ExternalID  string    `json:"external_id"`
	Sender      string    `json:"sender"`
	ReceivedAt  time.Time `json:"received_at"`
	ContentType string    `json:"content_type"`
	FileSHA256  string    `json:"file_sha256,omitempty"`
	FileSize    int64     `json:"file_size,omitempty"` // bytes
}

func encode(messages []channels.Inbound) ([]byte, error) {
	var out bytes.Buffer
	for _, m := range messages {
		h, err := json.Marshal(head{m.Channel, m.Account, m.ExternalID, m.Sender, m.ReceivedAt, m.ContentType, m.File.SHA256, m.File.Size})
		if err != nil {
			return nil, err
		}
		if len(m.Raw) > math.MaxUint32 || len(h) > math.MaxUint32 {
			return nil, errors.New("message is over 4 GiB")
		}
		start := out.Len()
		if m.File.SHA256 != "" {
			out.WriteString(magicFile)
		} else {
			out.WriteString(magic)
		}
		_ = binary.Write(&out, binary.BigEndian, [2]uint32{uint32(len(h)), uint32(len(m.Raw))}) //nolint:gosec // checked above
		out.Write(h)
		out.Write(m.Raw)
		_ = binary.Write(&out, binary.BigEndian, checksum(out.Bytes()[start:]))
	}
	return out.Bytes(), nil
}

// decode returns the messages before the first damage, and errDamaged if there is any.
func decode(data []byte) ([]channels.Inbound, error) {
	var messages []channels.Inbound
	for len(data) > 0 {
		m, size, err := decodeOne(data)
		if err != nil {
			return messages, err
		}
		messages = append(messages, m)
		data = data[size:]
	}
	if len(messages) == 0 {
		return nil, errDamaged // no segment is made empty
	}
	return messages, nil
}

func decodeOne(data []byte) (channels.Inbound, int, error) {
	if len(data) < prefixSize || string(data[:4]) != magic && string(data[:4]) != magicFile {
		return channels.Inbound{}, 0, errDamaged
	}
	headSize := uint64(binary.BigEndian.Uint32(data[4:]))
	rawSize := uint64(binary.BigEndian.Uint32(data[8:]))
	end := prefixSize + headSize + rawSize
	if end+sumSize > uint64(len(data)) || binary.BigEndian.Uint32(data[end:]) != checksum(data[:end]) {
		return channels.Inbound{}, 0, errDamaged
	}
	var h head
	if err := json.Unmarshal(data[prefixSize:prefixSize+headSize], &h); err != nil {
		return channels.Inbound{}, 0, errDamaged
	}
	return channels.Inbound{
		Key:    channels.Key{Channel: h.Channel, Account: h.Account, ExternalID: h.ExternalID},
		Sender: h.Sender, ReceivedAt: h.ReceivedAt, ContentType: h.ContentType,
		Raw:  bytes.Clone(data[prefixSize+headSize : end]),
		File: channels.Stored{SHA256: h.FileSHA256, Size: h.FileSize},
	}, int(end + sumSize), nil //nolint:gosec // at most len(data)
}

func checksum(data []byte) uint32 {
	return crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
}
