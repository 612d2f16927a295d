package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// api is the part of Tailscale's API that the operator and the program use.
type api struct{ tailnet *tailnet }

func newAPI(tailnet *tailnet) *api { return &api{tailnet} }

func (a *api) register(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/v2/oauth/token", a.token)
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET /api/v2/tailnet/-/devices":                a.listDevices,
		"GET /api/v2/device/{id}":                      a.device,
		"DELETE /api/v2/device/{id}":                   a.device,
		"POST /api/v2/tailnet/-/keys":                  a.makeKey,
		"GET /api/v2/tailnet/-/keys":                   a.listKeys,
		"DELETE /api/v2/tailnet/-/keys/{id}":           a.deleteKey,
		"GET /api/v2/tailnet/-/vip-services":           a.listServices,
		"GET /api/v2/tailnet/-/vip-services/{name}":    a.service,
		"PUT /api/v2/tailnet/-/vip-services/{name}":    a.service,
		"DELETE /api/v2/tailnet/-/vip-services/{name}": a.service,
	} {
		mux.HandleFunc(pattern, a.authorized(handler))
	}
}

// token hands out a token for an OAuth client, whose secret comes in the form or as basic authentication.
func (a *api) token(w http.ResponseWriter, r *http.Request) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	a.tailnet.mu.Lock()
	defer a.tailnet.mu.Unlock()
	known, found := a.tailnet.clients[id]
	if !found || known != secret {
		refuse(w, http.StatusUnauthorized, "API token invalid")
		return
	}
	token := randomText(12)
	a.tailnet.tokens["Bearer "+token] = id
	answer(w, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3600})
}

// authorized calls handlers under the lock, with the token of a client that is still there.
func (a *api) authorized(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.tailnet.mu.Lock()
		defer a.tailnet.mu.Unlock()
		client, found := a.tailnet.tokens[r.Header.Get("Authorization")]
		if _, valid := a.tailnet.clients[client]; !found || !valid {
			refuse(w, http.StatusUnauthorized, "API token invalid")
			return
		}
		next(w, r)
	}
}

func (a *api) listDevices(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"devices": devicesLocked(a.tailnet)})
}

// devicesLocked are all devices as the API lists them.
func devicesLocked(tailnet *tailnet) []map[string]any {
	listed := []map[string]any{}
	for _, d := range tailnet.devices {
		listed = append(listed, d.listed())
	}
	return listed
}

func (d *device) listed() map[string]any {
	addresses := []string{}
	for _, address := range d.node.Addresses {
		addresses = append(addresses, address.Addr().String())
	}
	return map[string]any{
		"id":                        strconv.FormatInt(int64(d.node.ID), 10),
		"nodeId":                    string(d.node.StableID),
		"hostname":                  d.hostinfo.Hostname,
		"name":                      d.name + "." + domain,
		"addresses":                 addresses,
		"tags":                      d.node.Tags,
		"lastSeen":                  d.seen.UTC().Format(time.RFC3339),
		"expires":                   "0001-01-01T00:00:00Z",
		"clientVersion":             d.hostinfo.IPNVersion,
		"isExternal":                false,
		"authorized":                true,
		"isEphemeral":               d.ephemeral,
		"connectedToControl":        d.polls > 0,
		"homelab/expired":           d.expired,
		"blocksIncomingConnections": d.hostinfo.ShieldsUp,
	}
}

func (a *api) device(w http.ResponseWriter, r *http.Request) {
	found := a.tailnet.byIDLocked(r.PathValue("id"))
	if found == nil {
		refuse(w, http.StatusNotFound, "no manageable device matching provided ID found")
		return
	}
	if r.Method == http.MethodDelete {
		a.tailnet.removeLocked(found)
	}
	answer(w, found.listed())
}

func (a *api) makeKey(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Capabilities struct {
			Devices struct {
				Create struct {
					Reusable, Ephemeral bool
					Tags                []string
				}
			}
		}
		ExpirySeconds int64
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	seconds := request.ExpirySeconds
	if seconds == 0 {
		seconds = 3600
	}
	create := request.Capabilities.Devices.Create
	made, err := a.tailnet.makeKeyLocked(authKey{
		Tags: create.Tags, Reusable: create.Reusable, Ephemeral: create.Ephemeral,
		Expires: time.Now().Add(time.Duration(seconds) * time.Second),
	})
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	answer(w, map[string]any{"id": made.ID, "key": made.Key, "expires": made.Expires.UTC()})
}

func (a *api) listKeys(w http.ResponseWriter, _ *http.Request) {
	listed := []map[string]any{}
	for _, one := range a.tailnet.keys {
		listed = append(listed, map[string]any{"id": one.ID})
	}
	answer(w, map[string]any{"keys": listed})
}

func (a *api) deleteKey(w http.ResponseWriter, r *http.Request) {
	for text, one := range a.tailnet.keys {
		if one.ID == r.PathValue("id") {
			delete(a.tailnet.keys, text)
			answer(w, map[string]any{})
			return
		}
	}
	refuse(w, http.StatusNotFound, "not found")
}

func (a *api) listServices(w http.ResponseWriter, _ *http.Request) {
	listed := []map[string]any{}
	for _, one := range a.tailnet.services {
		listed = append(listed, one)
	}
	answer(w, map[string]any{"vipServices": listed})
}

func (a *api) service(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if r.Method == http.MethodPut {
		var wanted map[string]any
		if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		a.tailnet.services[name] = wanted
	}
	found, ok := a.tailnet.services[name]
	if !ok {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	if r.Method == http.MethodDelete {
		delete(a.tailnet.services, name)
	}
	answer(w, found)
}

func answer(w http.ResponseWriter, content any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(content)
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"message": message})
}
