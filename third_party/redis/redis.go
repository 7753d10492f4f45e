// Package redis stands in for github.com/redis/go-redis/v9. LiveKit servers that share rooms speak through Redis. The
// server in this program shares none and makes no client, so no code here is ever called. The real package would be a
// fifteenth of the CPU time of a first build. Each command here fails.
package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"time"
)

// Errors that the server compares with.
var (
	Nil         = errors.New("redis: nil")
	TxFailedErr = errors.New("redis: transaction failed")
)

var errAbsent = errors.New("this program has no client for Redis")

// Client takes every command, and fails. Clients, pipelines and transactions are the same here.
type Client struct{}

type (
	UniversalClient = *Client
	Cmdable         = *Client
	Pipeliner       = *Client
	Tx              = Client
)

// NewUniversalClient gives a client whose commands fail.
func NewUniversalClient(*UniversalOptions) UniversalClient { return &Client{} }

// UniversalOptions are how a server is reached.
type UniversalOptions struct {
	Addrs                                                              []string
	Username, Password, SentinelUsername, SentinelPassword, MasterName string
	DB, MaxRedirects, PoolSize                                         int
	TLSConfig                                                          *tls.Config
	DialTimeout, ReadTimeout, WriteTimeout, PoolTimeout                time.Duration
	IsClusterMode                                                      bool
}

// Cmder is a command that was sent.
type Cmder interface{ Err() error }

// Cmd is a command whose result is a T.
type Cmd[T any] struct{}

func (*Cmd[T]) Err() error { return errAbsent }

func (c *Cmd[T]) Result() (result T, err error) { return result, c.Err() }

// StringCmd is a command that gives a string.
type StringCmd = Cmd[string]

func (*Client) Ping(context.Context) *Cmd[string]                       { return nil }
func (*Client) Close() error                                            { return nil }
func (*Client) Pipeline() Pipeliner                                     { return &Client{} }
func (*Client) TxPipeline() Pipeliner                                   { return &Client{} }
func (*Client) Exec(context.Context) ([]Cmder, error)                   { return nil, errAbsent }
func (*Client) Watch(context.Context, func(*Tx) error, ...string) error { return errAbsent }
func (*Client) Subscribe(context.Context, ...string) *PubSub            { return &PubSub{} }

// TxPipelined does not call its function.
func (*Client) TxPipelined(context.Context, func(Pipeliner) error) ([]Cmder, error) {
	return nil, errAbsent
}

func (*Client) Get(context.Context, string) *Cmd[string]                     { return nil }
func (*Client) Set(context.Context, string, any, time.Duration) *Cmd[string] { return nil }
func (*Client) SetNX(context.Context, string, any, time.Duration) *Cmd[bool] { return nil }
func (*Client) Del(context.Context, ...string) *Cmd[int64]                   { return nil }
func (*Client) HGet(context.Context, string, string) *Cmd[string]            { return nil }
func (*Client) HMGet(context.Context, string, ...string) *Cmd[[]any]         { return nil }
func (*Client) HGetAll(context.Context, string) *Cmd[map[string]string]      { return nil }
func (*Client) HKeys(context.Context, string) *Cmd[[]string]                 { return nil }
func (*Client) HVals(context.Context, string) *Cmd[[]string]                 { return nil }
func (*Client) HSet(context.Context, string, ...any) *Cmd[int64]             { return nil }
func (*Client) HDel(context.Context, string, ...string) *Cmd[int64]          { return nil }
func (*Client) SAdd(context.Context, string, ...any) *Cmd[int64]             { return nil }
func (*Client) SRem(context.Context, string, ...any) *Cmd[int64]             { return nil }
func (*Client) SMembers(context.Context, string) *Cmd[[]string]              { return nil }
func (*Client) Publish(context.Context, string, any) *Cmd[int64]             { return nil }

// PubSub is a subscription to which nothing comes.
type PubSub struct{}

func (*PubSub) Subscribe(context.Context, ...string) error   { return errAbsent }
func (*PubSub) Unsubscribe(context.Context, ...string) error { return errAbsent }

func (*PubSub) ReceiveMessage(context.Context) (*Message, error) { return nil, errAbsent }

// Message is what came on a channel.
type Message struct{ Channel, Payload string }

// Script is a program that a server of Redis runs.
type Script struct{}

// NewScript keeps nothing of its source.
func NewScript(string) *Script { return &Script{} }

// Run fails.
func (*Script) Run(context.Context, Cmdable, []string, ...any) *Cmd[any] { return nil }
