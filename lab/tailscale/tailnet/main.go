// Command homelab-tailnet is Tailscale's service in the lab: the control protocol, by which the real tailscaled and
// the real operator log in and learn of each other, the part of the API that they and the program use, and a relay (DERP, STUN).
// Everything is in memory and ends with standard input. It is for loopback and bridges of the lab.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address for devices and for users of the API")
	flag.Parse()
	if err := serve(*listen); err != nil {
		fmt.Fprintln(os.Stderr, "homelab-tailnet:", err)
		os.Exit(1)
	}
}

// serve prints both addresses as one line of JSON and serves until standard input ends.
func serve(address string) error {
	log.SetOutput(os.Stderr)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	// The administrator's console is for the workstation alone.
	console, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return err
	}
	relay, err := startRelay(host)
	if err != nil {
		return err
	}
	tailnet := newTailnet(relay)
	url := "http://" + listener.Addr().String()
	mux := http.NewServeMux()
	newControl(tailnet, url).register(mux)
	newAPI(tailnet).register(mux)
	go func() { log.Fatal(http.Serve(listener, logged(tailnet, mux))) }()
	go func() { log.Fatal(http.Serve(console, consoleHandler(tailnet))) }()
	ready, err := json.Marshal(map[string]string{"url": url, "console": "http://" + console.Addr().String()})
	if err != nil {
		return err
	}
	fmt.Println(string(ready))
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// logged keeps what was asked for the console.
func logged(tailnet *tailnet, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tailnet.note(r.Method + " " + r.URL.Path)
		next.ServeHTTP(w, r)
	})
}
