package pipeline_test

import "testing"

func TestOptOut(t *testing.T) {
	plays(t, map[string]string{
		"STOP touches no case and keeps quiet; START ends it": `
			eve@text: Water is leaking
			-> eve@text acknowledged
			-> asha@chat assigned
			++ C1 registered routed assigned acknowledged
			eve@text: Stop.
			-> eve@text opted_out START
			++ C1
			asha@chat: /reply C1 We come today
			-> asha@chat refused cannot be written to
			eve@text: STATUS
			eve@text: STOP
			eve@text: START
			-> eve@text opted_in
			asha@chat: /reply C1 We are here
			-> eve@text reply
			-> asha@chat done
		`,
		"another verified address is used": `
			eve@chat (card=+15550001): Water is leaking
			-> eve@chat acknowledged
			-> asha@chat assigned
			eve@chat: STOP
			-> eve@chat opted_out
			asha@chat: /reply C1 We come today
			-> eve@text reply
			-> asha@chat done
		`,
		"what the provider answers itself": `
			eve@text: Water is leaking
			-> eve@text acknowledged
			-> asha@chat assigned
			eve@text (optout=stop): STOP
			asha@chat: /reply C1 We come today
			-> asha@chat refused cannot be written to
			eve@text (optout=start): START
			asha@chat: /reply C1 We are here
			-> asha@chat done
			-> eve@text reply
		`,
		"a stranger to us can opt out too": `
			eve@text: stopall
			-> eve@text opted_out
			eve@text: STATUS
		`,
		"a word in place of a chat": `
			eve@chat: /start
			-> eve@chat help
			eve@chat: /start somewhere
			-> eve@chat help
			eve@chat: /link somewhere
			-> eve@chat refused unknown
		`,
		"nobody opts out somebody else": `
			eve@letter: Water is leaking
			-> eve@letter acknowledged
			-> asha@chat assigned
			eve@letter (unverified): STOP
			-> eve@letter help
			asha@chat: /reply C1 We come today
			-> asha@chat done
			-> eve@letter reply
		`,
	})
}

func TestLanguages(t *testing.T) {
	plays(t, map[string]string{
		"Spanish": `
			eve@text: Hay una fuga de agua
			-> eve@text acknowledged
			-> asha@chat assigned
			== C1 es
			eve@text: Estado
			-> eve@text status C1
			eve@text: nueva farola rota en mi calle
			-> eve@text acknowledged C2
			-> leo@text assigned
			eve@text: ayuda
			-> eve@text help
			eve@text: idioma inglés
			-> eve@text language English
			== C1 en
			eve@text: BAJA
			-> eve@text opted_out
			eve@text: alta
			-> eve@text opted_in
		`,
		"Hindi": `
			eve@text: पानी का रिसाव हो रहा है
			-> eve@text acknowledged C1
			-> asha@chat assigned
			== C1 hi
			eve@text: स्थिति
			-> eve@text status C1
			eve@text: मदद
			-> eve@text help
			asha@chat: /resolve C1 Repaired
			-> eve@text resolved
			-> asha@chat done
			-> asha@chat updated
			eve@text: अंक ४
			-> eve@text rated
			-> asha@chat case_rated 4
			-> asha@chat updated
			eve@text: दोबारा अभी भी रिसाव है
			-> eve@text reopened
			-> ravi@chat case_reopened
			-> asha@chat updated
			eve@text: भाषा en
			-> eve@text language
		`,
		"a language is chosen before the first complaint": `
			eve@text: language हिन्दी
			-> eve@text language
			eve@text: The lamp
			-> eve@text acknowledged
			-> leo@text assigned
			== C1 hi
		`,
	})
}
