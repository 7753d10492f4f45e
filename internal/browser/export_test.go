package browser

import (
	"context"

	"github.com/chromedp/chromedp"
)

// Policy is policy, for tests.
var Policy = policy

// Evaluate runs an expression in the page and waits for what it promises, for tests.
func (p *Page) Evaluate(ctx context.Context, expression string) (string, error) {
	return call(ctx, p, func(ctx context.Context) (string, error) {
		return chromedp.Run(ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	})
}
