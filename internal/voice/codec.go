package voice

import (
	"fmt"
	"slices"
	"strings"
)

// fit is one row of a fit in the literature.
type fit struct {
	name    string
	ie, bpl float64
}

// fits are those of narrowband Opus under random loss: M. Alahmadi, P. Pocta and H. Melvin, An Adaptive Bitrate
// Switching Algorithm for Speech Applications in Context of WebRTC, ACM Transactions on Multimedia Computing,
// Communications, and Applications 17(4), article 133, 2021, as their library Opus_emodel.js has them. What it has for
// wider bands stands on the scales of G.107.1 and G.107.2, and does not go into G.107.
var fits = []fit{
	{"opus-nb-vbr-6", 23.00233478, 24.5644848},
	{"opus-nb-vbr-7", 21.25545861, 22.45885046},
	{"opus-nb-vbr-8", 16.02443357, 20.25866692},
	{"opus-nb-vbr-9", 11.73674352, 18.90829837},
	{"opus-nb-cbr-6", 46.26834316, 8.939710714},
	{"opus-nb-cbr-7", 31.73480382, 18.17914283},
	{"opus-nb-cbr-8", 19.24547807, 15.12823436},
	{"opus-nb-cbr-9", 13.20879771, 17.23921027},
	{"opus-nb-cbr-10", 6.197366255, 15.32972957},
	{"opus-nb-cbr-11", 2.030115291, 15.95164784},
}

// Codecs are the names of the fits, which end in kbit/s.
func Codecs() (names []string) {
	for _, f := range fits {
		names = append(names, f.name)
	}
	return names
}

// CodecNamed is the fit of that name.
func CodecNamed(name string) (c Codec, err error) {
	i := slices.IndexFunc(fits, func(f fit) bool { return f.name == name })
	if i < 0 {
		return c, fmt.Errorf("one of %s", strings.Join(Codecs(), ", "))
	}
	return Codec{Known: true, Ie: fits[i].ie, Bpl: fits[i].bpl,
		Source: name + ": Alahmadi, Pocta, Melvin, ACM TOMM 17(4) 133, 2021"}, nil
}
