package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"time"

	"golang.org/x/net/http2"
	"tailscale.com/control/controlhttp/controlhttpserver"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

const (
	// taggedDevices is the user that every device belongs to.
	taggedDevices = tailcfg.UserID(1)
	// largestRequest is a limit for what a device sends, in bytes.
	largestRequest = 1 << 20
)

// control is the protocol between devices and the service: an encrypted channel, and in it registration and the map.
type control struct {
	tailnet *tailnet
	url     string
	private key.MachinePrivate
	inside  *http.ServeMux
}

type machineKey struct{}

func newControl(tailnet *tailnet, url string) *control {
	c := &control{tailnet: tailnet, url: url, private: key.NewMachine(), inside: http.NewServeMux()}
	c.inside.HandleFunc("POST /machine/register", c.serveRegister)
	c.inside.HandleFunc("POST /machine/map", c.serveMap)
	c.inside.HandleFunc("POST /machine/update-health", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	return c
}

func (c *control) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /key", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, tailcfg.OverTLSPublicKeyResponse{LegacyPublicKey: c.private.Public(), PublicKey: c.private.Public()})
	})
	mux.HandleFunc("/ts2021", c.serveChannel)
}

// serveChannel opens the encrypted channel; the requests in it know the machine by its key.
func (c *control) serveChannel(w http.ResponseWriter, r *http.Request) {
	channel, err := controlhttpserver.AcceptHTTP(r.Context(), w, r, c.private, nil)
	if err != nil {
		log.Printf("opening a channel for %s: %v", r.RemoteAddr, err)
		return
	}
	defer channel.Close()
	(&http2.Server{}).ServeConn(channel, &http2.ServeConnOpts{
		Context:    context.WithValue(r.Context(), machineKey{}, channel.Peer()),
		BaseConfig: &http.Server{Handler: c.inside},
	})
}

func machineOf(r *http.Request) key.MachinePublic {
	machine, _ := r.Context().Value(machineKey{}).(key.MachinePublic)
	return machine
}

func (c *control) serveRegister(w http.ResponseWriter, r *http.Request) {
	var request tailcfg.RegisterRequest
	if err := json.NewDecoder(io.LimitReader(r.Body, largestRequest)).Decode(&request); err != nil || request.Hostinfo == nil {
		http.Error(w, "this is no registration", http.StatusBadRequest)
		return
	}
	if request.Followup != "" {
		// The page is never visited.
		<-r.Context().Done()
		return
	}
	answer(w, c.registration(machineOf(r), &request))
}

// registration logs a machine in or out, or tells it how it could log in.
func (c *control) registration(machine key.MachinePublic, request *tailcfg.RegisterRequest) *tailcfg.RegisterResponse {
	c.tailnet.mu.Lock()
	defer c.tailnet.mu.Unlock()
	known := c.tailnet.byNodeKeyLocked(request.NodeKey)
	if known != nil && known.node.Machine != machine {
		return &tailcfg.RegisterResponse{Error: "this key is another machine's"}
	}
	if !request.Expiry.IsZero() && request.Expiry.Before(time.Now()) {
		c.logOutLocked(known)
		return &tailcfg.RegisterResponse{NodeKeyExpired: true}
	}
	if request.Auth != nil && request.Auth.AuthKey != "" {
		if err := c.tailnet.joinLocked(machine, request); err != nil {
			return &tailcfg.RegisterResponse{Error: err.Error()}
		}
		return welcome()
	}
	switch {
	case known == nil:
		return &tailcfg.RegisterResponse{AuthURL: c.url + "/a/" + randomText(6)}
	case known.expired:
		return &tailcfg.RegisterResponse{NodeKeyExpired: true}
	}
	return welcome()
}

func welcome() *tailcfg.RegisterResponse {
	return &tailcfg.RegisterResponse{
		MachineAuthorized: true,
		User:              tailcfg.User{ID: taggedDevices, DisplayName: "Tagged Devices"},
		Login:             tailcfg.Login{ID: tailcfg.LoginID(taggedDevices), LoginName: "tagged-devices"},
	}
}

// logOutLocked keeps the device, as expired: only an ephemeral one is deleted with its login.
func (c *control) logOutLocked(known *device) {
	if known == nil {
		return
	}
	known.expired = true
	if known.ephemeral {
		c.tailnet.removeLocked(known)
	}
	c.tailnet.announceLocked()
}
