package pipeline

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// updateCards edits the newest card in each place to show the case as it is now.
func (s *sending) updateCards(ctx context.Context) error {
	places, err := s.cardPlaces(ctx)
	if err != nil {
		return err
	}
	for _, place := range places {
		n := cases.Notice{Kind: cases.AlertUpdated, To: cases.ToStaff}
		row := store.Outbound{
			To: cases.ToStaff, Login: place.login, Automatic: true, EditsRow: place.card.ID,
			Buttons: s.staffButtons(n, place.recipient), ExpiresAt: expiry(s.step.At, s.org.Rules.AlertExpiry),
		}
		if err := s.add(n, place.recipient, row, false); err != nil {
			return err
		}
	}
	return nil
}

// cardPlace is where a card of the case is.
type cardPlace struct {
	recipient
	card store.Outbound
}

// cardPlaces are the newest card in each place whose account is still there and
// shows cards with buttons.
func (s *sending) cardPlaces(ctx context.Context) ([]cardPlace, error) {
	cards, err := s.caseCards(ctx)
	if err != nil {
		return nil, err
	}
	var places []cardPlace
	seen := map[string]bool{}
	for _, card := range cards {
		place := strconv.Quote(card.Channel) + strconv.Quote(card.Account) + strconv.Quote(card.Address)
		if seen[place] || !isCard(card.Kind) {
			continue
		}
		seen[place] = true
		adapter, ok := s.Adapters.Get(card.Channel, card.Account)
		if !ok || !adapter.Format().Buttons {
			continue
		}
		places = append(places, cardPlace{card: card, recipient: recipient{
			login: card.Login, address: cases.Address{Channel: card.Channel, Value: card.Address},
			account: card.Account, format: adapter.Format(), language: s.staffLanguage(card.Login),
		}})
	}
	return places, nil
}

func (s *sending) caseCards(ctx context.Context) ([]store.Outbound, error) {
	if s.haveCards || s.kase.ID == 0 {
		return s.cards, nil
	}
	var err error
	if s.cards, err = s.Store.Cards(ctx, s.kase.ID); err != nil {
		return nil, fmt.Errorf("reading the cards of the case: %w", err)
	}
	s.haveCards = true
	return s.cards, nil
}

func (s *sending) cardOf(ctx context.Context, r recipient) (store.Outbound, bool, error) {
	cards, err := s.caseCards(ctx)
	if err != nil {
		return store.Outbound{}, false, err
	}
	for _, card := range cards {
		if isCard(card.Kind) && card.Channel == r.address.Channel && card.Account == r.account && card.Address == r.address.Value {
			return card, true, nil
		}
	}
	return store.Outbound{}, false, nil
}

// isCard reports whether an alert is a card of its own.
func isCard(kind cases.NoticeKind) bool {
	return kind == cases.AlertAssigned || kind == cases.AlertEscalated || kind == cases.AlertReopened
}
