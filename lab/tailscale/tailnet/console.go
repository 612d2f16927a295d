package main

import (
	"net/http"
	"slices"
)

// consoleHandler is what an administrator does and sees, for tests.
func consoleHandler(tailnet *tailnet) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /clients/{id}", func(w http.ResponseWriter, r *http.Request) {
		tailnet.mu.Lock()
		defer tailnet.mu.Unlock()
		tailnet.clients[r.PathValue("id")] = r.FormValue("secret")
		answer(w, map[string]any{})
	})
	mux.HandleFunc("DELETE /clients/{id}", func(w http.ResponseWriter, r *http.Request) {
		tailnet.mu.Lock()
		defer tailnet.mu.Unlock()
		delete(tailnet.clients, r.PathValue("id"))
		answer(w, map[string]any{})
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		tailnet.mu.Lock()
		defer tailnet.mu.Unlock()
		keys := []string{}
		for _, one := range tailnet.keys {
			keys = append(keys, one.ID)
		}
		answer(w, map[string]any{
			"devices": devicesLocked(tailnet), "keys": keys, "madeKeys": slices.Clone(tailnet.made), "requests": tailnet.requests,
		})
	})
	return mux
}
