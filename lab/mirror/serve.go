package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

type serveOptions struct {
	root   string
	log    string
	listen []string
}

// serve answers on every address until SIGTERM or SIGINT.
func serve(options serveOptions) error {
	root, err := filepath.Abs(options.root)
	if err != nil {
		return err
	}
	if info, err := os.Stat(root); options.root == "" || err != nil || !info.IsDir() {
		return fmt.Errorf("serve: --root %q is not a folder: name a packed mirror root", options.root)
	}
	if len(options.listen) == 0 {
		return errors.New("serve: give --listen at least once")
	}
	var requests io.Writer = os.Stderr
	if options.log != "" {
		file, err := os.OpenFile(options.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer file.Close()
		requests = file
	}
	server := &http.Server{
		Handler:           logged(handler(root), log.New(requests, "", log.LstdFlags|log.LUTC)),
		ReadHeaderTimeout: 10 * time.Second,
	}
	ended := make(chan error, len(options.listen)+1)
	for _, address := range options.listen {
		listener, err := listen(address)
		if err != nil {
			return fmt.Errorf("listen on %s: %w; end the process that holds the port, or choose another", address, err)
		}
		go func() { ended <- server.Serve(listener) }()
	}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() {
		<-stop.Done()
		ended <- server.Close()
	}()
	if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// listen binds even where the address is not configured yet (IP_FREEBIND): the server starts before the lab's bridge.
func listen(address string) (net.Listener, error) {
	config := net.ListenConfig{Control: func(_, _ string, connection syscall.RawConn) error {
		var failed error
		err := connection.Control(func(descriptor uintptr) {
			failed = syscall.SetsockoptInt(int(descriptor), syscall.IPPROTO_IP, syscall.IP_FREEBIND, 1)
		})
		return errors.Join(err, failed)
	}}
	return config.Listen(context.Background(), "tcp", address)
}

// health is what /healthz answers: which root is served, and by which process.
type health struct {
	Root    string `json:"root"`
	Key     string `json:"key"`
	Process int    `json:"pid"`
}

// handler serves a mirror root: the registry under /v2/, /healthz, and apt/ and charts/ as files.
func handler(root string) http.Handler {
	routes := http.NewServeMux()
	images := registry{layout: filepath.Join(root, "registry")}
	routes.Handle("/v2/", images)
	routes.Handle("/v2", images)
	routes.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(health{Root: root, Key: filepath.Base(root), Process: os.Getpid()})
	})
	for _, files := range []string{"apt", "charts"} {
		path := "/" + files + "/"
		routes.Handle(path, http.StripPrefix(path, http.FileServer(http.Dir(filepath.Join(root, files)))))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodGet && request.Method != http.MethodHead {
			http.Error(w, "the lab's mirror is read-only", http.StatusMethodNotAllowed)
			return
		}
		routes.ServeHTTP(w, request)
	})
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// ReadFrom keeps sendfile: blobs of a hundred megabytes go to two machines on two processors.
func (r *statusRecorder) ReadFrom(source io.Reader) (int64, error) {
	return io.Copy(r.ResponseWriter, source)
}

func logged(next http.Handler, requests *log.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, request)
		requests.Printf("%s %s %s %d", request.RemoteAddr, request.Method, request.URL.RequestURI(), recorder.status)
	})
}
