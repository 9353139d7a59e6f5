package telegram

import (
	"crypto/subtle"
	"io"
	"net/http"

	"github.com/redress-cms/redress/channels"
)

const maxUpdate = 1 << 20 // bytes; a text of 4,096 characters with markup takes less than 200 kB

// Routes implements channels.Webhook in webhook mode; in poll mode there is none.
func (a *Adapter) Routes(mux *http.ServeMux, accept channels.Accept) {
	if a.Mode != ModeWebhook {
		return
	}
	mux.HandleFunc("POST "+a.path(), func(w http.ResponseWriter, r *http.Request) {
		secret := r.Header.Get("X-Telegram-Bot-Api-Secret-Token")
		if subtle.ConstantTimeCompare([]byte(secret), []byte(a.SecretToken)) != 1 {
			a.Logger.WarnContext(r.Context(), "webhook refused: it does not bring the secret_token",
				"channel", Channel, "account", a.Config.Name)
			http.Error(w, "secret token does not fit", http.StatusForbidden)
			return
		}
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
		if err != nil {
			http.Error(w, "update is too large or was cut off", http.StatusBadRequest)
			return
		}
		if in, keep := a.inbound(raw); keep {
			if err := accept(r.Context(), in); err != nil {
				a.Logger.ErrorContext(r.Context(), "update was not accepted; Telegram will try again",
					"channel", Channel, "account", a.Config.Name, "error", err)
				w.Header().Set("Retry-After", "15")
				http.Error(w, "try again later", http.StatusServiceUnavailable)
				return
			}
		}
		a.setHealth("")
		w.WriteHeader(http.StatusOK)
	})
}

func (a *Adapter) path() string { return "/webhooks/telegram/" + a.Config.Name }
