package bench

import (
	"context"
	"iter"
)

// Leave gives the values of seq, and returns when ctx ends, whatever seq is doing then. That is for work that looks at
// no context: reading, unpacking and summing up a run of millions of pings takes seconds. seq is left to itself then
// and ends at its next value, so it may change nothing. seq works one value ahead.
func Leave[K, V any](ctx context.Context, seq iter.Seq2[K, V]) iter.Seq2[K, V] {
	type pair struct {
		k K
		v V
	}
	return func(yield func(K, V) bool) {
		values, enough := make(chan pair), make(chan struct{})
		go func() {
			defer close(values)
			seq(func(k K, v V) bool {
				select {
				case values <- pair{k, v}:
					return true
				case <-enough:
					return false
				}
			})
		}()
		defer func() {
			close(enough)
			for ctx.Err() == nil { // seq may hold a lock or a file until it has ended
				select {
				case _, more := <-values:
					if !more {
						return
					}
				case <-ctx.Done():
				}
			}
		}()
		for {
			select {
			case p, more := <-values:
				if !more || !yield(p.k, p.v) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// LeaveOne is Leave for one value. The error is the cause of the end of ctx if ctx ended first.
func LeaveOne[V any](ctx context.Context, get func() (V, error)) (v V, err error) {
	for v, err := range Leave(ctx, func(yield func(V, error) bool) { yield(get()) }) {
		return v, err
	}
	return v, context.Cause(ctx)
}
