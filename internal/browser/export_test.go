package browser

import (
	"context"

	"github.com/chromedp/chromedp"
)

// Policy is policy, for tests.
var Policy = policy

// Usual is usual, for tests.
var Usual = usual

// Reach is reach, for tests.
var Reach = reach

// Command sends a command of the debugging protocol to the page, for tests.
func (p *Page) Command(ctx context.Context, method string, params any) error {
	_, err := call(ctx, p, func(ctx context.Context) (chromedp.Void, error) {
		return chromedp.Void{}, chromedp.FromContext(ctx).Target.Call(ctx, method, params, nil)
	})
	return err
}

// Evaluate runs an expression in the page and waits for what it promises, for tests.
func (p *Page) Evaluate(ctx context.Context, expression string) (string, error) {
	return call(ctx, p, func(ctx context.Context) (string, error) {
		return chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	})
}

// FindAmong looks for a browser in a list of tests' own; LastWords is the error of one that did not start; Tight names
// the limits that may have ended it.
var (
	Tight     = tight
	FindAmong = findAmong
	LastWords = lastWords
)
