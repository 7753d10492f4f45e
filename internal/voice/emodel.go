// Package voice says what a path means for people who talk over it: the rating of ITU-T's E-model for a mouth-to-ear
// delay that is estimated from a run of audio packets, and the share of an agent's turn that the network takes. What it
// assumes has a value, a source and a name.
package voice

import (
	"math"
	"time"
)

// Impairment is what the E-model has to know beside its defaults (ITU-T G.107, table 2).
type Impairment struct {
	Delay  time.Duration // Ta: from mouth to ear
	Loss   float64       // Ppl, in percent
	BurstR float64       // 1 = losses are random
	Ie     float64       // of the codec, without loss
	Bpl    float64       // how robust it is against loss
}

// The defaults of G.107, table 2.
const (
	slr, rlr   = 8.0, 2.0         // send and receive loudness, dB
	stmr, dr   = 15.0, 3.0        // sidetone masking; D factor of the receiver: LSTR = STMR + Dr
	ds         = 3.0              // D factor of the sender
	telr, wepl = 65.0, 110.0      // talker echo loudness; weighted echo path loss, dB
	qdu        = 1.0              // quantising distortion units
	nc, nfor   = -70.0, -64.0     // circuit noise, dBm0p; noise floor of the receiver, dBmp
	ps, pr     = 35.0, 35.0       // room noise, dB(A)
	millis     = time.Millisecond // in which G.107 counts delay
)

// R is the transmission rating of G.107: the whole formula, with its defaults for everything that Impairment has not.
// The advantage factor is 0.
func (i Impairment) R() float64 {
	t := float64(i.Delay) / float64(millis)
	ro := 15 - 1.5*(slr+noiseFloor())
	return ro - simultaneous(ro, t) - delay(ro, t) - i.equipment()
}

// equipment is Ie,eff (G.107, equation 7-29): the codec, and the packets that it did not get.
func (i Impairment) equipment() float64 {
	if i.Loss == 0 {
		return i.Ie
	}
	return i.Ie + (95-i.Ie)*i.Loss/(i.Loss/i.BurstR+i.Bpl)
}

// MOS is the mean opinion score of a rating (G.107, annex B): MOS-CQE, of a conversation, estimated.
func MOS(r float64) float64 {
	switch {
	case r <= 0:
		return 1
	case r >= 100:
		return 4.5
	}
	return max(1, 1+0.035*r+r*(r-60)*(100-r)*7e-6)
}

// noiseFloor is No: the power sum of circuit noise, both rooms' noise and the receiver's own.
func noiseFloor() float64 {
	const olr = slr + rlr
	nos := ps - slr - ds - 100 + 0.004*math.Pow(ps-olr-ds-14, 2)
	pre := pr + 10*math.Log10(1+math.Pow(10, (10-(stmr+dr))/10))
	nor := rlr - 121 + pre + 0.008*(pre-35)*(pre-35)
	nfo := nfor + rlr
	sum := 0.0
	for _, n := range []float64{nc, nos, nor, nfo} {
		sum += math.Pow(10, n/10)
	}
	return 10 * math.Log10(sum)
}

// simultaneous is Is: what disturbs together with the voice. The echo that the talker hears as sidetone depends on
// delay.
func simultaneous(ro, t float64) float64 {
	const olr = slr + rlr
	root := func(x, power float64) float64 { return math.Pow(1+math.Pow(x, power), 1/power) }
	xolr := olr + 0.2*(64+noiseFloor()-rlr)
	loudness := 20 * (root(xolr/8, 8) - xolr/8)
	stmro := -10 * math.Log10(math.Pow(10, -stmr/10)+math.Exp(-t/4)*math.Pow(10, -telr/10))
	sidetone := 12*root((stmro-13)/6, 8) - 28*root((stmro+1)/19.4, 35) - 13*root((stmro-3)/33, 13) + 29
	q := 37 - 15*math.Log10(qdu)
	g := 1.07 + 0.258*q + 0.0602*q*q
	y, z := (ro-100)/15+46/8.4-g/9, 46/30.0-g/40
	quantising := 15 * math.Log10(1+math.Pow(10, y)+math.Pow(10, z))
	return loudness + sidetone + quantising
}

// delay is Id: echo for the talker, echo for the listener, and too long an absolute delay.
func delay(ro, t float64) float64 {
	return talkerEcho(t) + listenerEcho(ro, t) + absolute(t)
}

func talkerEcho(t float64) float64 {
	if t < 1 {
		return 0
	}
	terv := telr - 40*math.Log10((1+t/10)/(1+t/150)) + 6*math.Exp(-0.3*t*t)
	roe, re := -1.5*(noiseFloor()-rlr), 80+2.5*(terv-14)
	return ((roe-re)/2 + math.Sqrt((roe-re)*(roe-re)/4+100) - 1) * (1 - math.Exp(-t))
}

func listenerEcho(ro, t float64) float64 {
	rle := 10.5 * (wepl + 7) * math.Pow(2*t+1, -0.25)
	return (ro-rle)/2 + math.Sqrt((ro-rle)*(ro-rle)/4+169)
}

func absolute(t float64) float64 {
	if t <= 100 {
		return 0
	}
	x := math.Log2(t / 100)
	sixth := func(x float64) float64 { return math.Pow(1+math.Pow(x, 6), 1.0/6) }
	return 25 * (sixth(x) - 3*sixth(x/3) + 2)
}
