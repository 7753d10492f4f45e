package fleet

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// tokenPrefix lets people and secret scanners recognise a token.
const tokenPrefix = "rtcj-"

// NewToken is a fresh secret that lets a runner join: 130 random bits.
func NewToken() string { return tokenPrefix + strings.ToLower(rand.Text()) }

// HashOf is the hash of a token, which a hub keeps in place of the token. A token has 130 random bits, so a plain hash
// cannot be reversed by guessing.
func HashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Token is what a hub keeps of a token.
type Token struct {
	Hash    string    `json:"hash"`
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
	Uses    int       `json:"uses"` // uses that are left
	Replace bool      `json:"replace,omitempty"`
}

// Errors of tokens. They say no more than the sender of the token may know.
var (
	ErrToken   = errors.New("this token is not known here: it was mistyped, used up or taken back")
	ErrExpired = errors.New("this token has expired")
)

// Spend is t with one use less.
func (t Token) Spend(now time.Time) (Token, error) {
	switch {
	case !now.Before(t.Expires):
		return t, ErrExpired
	case t.Uses <= 0:
		return t, ErrToken
	}
	t.Uses--
	return t, nil
}
