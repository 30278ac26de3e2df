package standin

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strconv"
	"sync/atomic"
	"syscall"
)

// errDropped is what a client gets when the connection breaks before an answer.
var errDropped = &net.OpError{Op: "read", Net: "tcp", Err: io.ErrUnexpectedEOF}

// Transport returns a transport that hands requests to the org in the caller's goroutine: no
// network, no goroutine, so that it works inside a testing/synctest bubble.
//
// It behaves as [http.Transport] does where a client can tell: GotConn of the request's
// [httptrace.ClientTrace] is called before the request is sent, and not when the connection is
// refused (a *net.OpError with Op "dial"); a request whose context is done returns the
// context's cause, whatever became of it; a broken connection wraps [io.ErrUnexpectedEOF];
// header names are canonical; a body that was closed can't be read.
func (o *Org) Transport() http.RoundTripper { return transport{o} }

type transport struct{ o *Org }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer func() { _ = req.Body.Close() }()
	}
	ctx := req.Context()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	in := arriving(req)
	if t.o.refuses(&call{o: t.o, r: in, pos: -1}) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	if trace != nil && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	rec := &recorder{header: make(http.Header)}
	answered := t.serve(rec, in)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case !answered:
		return nil, errDropped
	}
	if trace != nil && trace.GotFirstResponseByte != nil {
		trace.GotFirstResponseByte()
	}
	return rec.response(req), nil
}

// arriving is the request as a server sees it.
func arriving(req *http.Request) *http.Request {
	in := new(http.Request)
	*in = *req
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RequestURI = req.URL.RequestURI()
	in.RemoteAddr = "192.0.2.10:49152"
	return in
}

// serve reports whether the org answered; otherwise it broke the connection.
func (t transport) serve(w http.ResponseWriter, r *http.Request) (answered bool) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case p == http.ErrAbortHandler: //nolint:errorlint // net/http compares it so
			answered = false
		default:
			panic(p)
		}
	}()
	t.o.ServeHTTP(w, r)
	return true
}

// recorder keeps an answer.
type recorder struct {
	header  http.Header
	status  int
	body    bytes.Buffer
	endless []byte // what the body repeats for ever
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

// repeat makes the body endless.
func (r *recorder) repeat(chunk []byte) { r.endless = chunk }

// response is the answer as a client gets it.
func (r *recorder) response(req *http.Request) *http.Response {
	r.WriteHeader(http.StatusOK)
	header := make(http.Header, len(r.header))
	for name, values := range r.header {
		name = textproto.CanonicalMIMEHeaderKey(name)
		header[name] = append(header[name], values...)
	}
	resp := &http.Response{
		Status: strconv.Itoa(r.status) + " " + http.StatusText(r.status), StatusCode: r.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header, Request: req, ContentLength: int64(r.body.Len()),
	}
	b := &body{ctx: req.Context(), data: r.body.Bytes(), endless: r.endless}
	if r.endless != nil {
		resp.ContentLength = -1
	}
	resp.Body = b
	return resp
}

// body is a response body: it can't be read once it is closed or the request's context is done.
type body struct {
	ctx     context.Context
	data    []byte
	endless []byte
	closed  atomic.Bool
}

func (b *body) Read(p []byte) (int, error) {
	switch {
	case b.closed.Load():
		return 0, http.ErrBodyReadAfterClose
	case b.ctx.Err() != nil:
		return 0, context.Cause(b.ctx)
	}
	if len(b.data) == 0 {
		if b.endless == nil {
			return 0, io.EOF
		}
		b.data = b.endless
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

func (b *body) Close() error {
	b.closed.Store(true)
	return nil
}
