package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log"
	"math/big"
	"net"
	"net/http"
	"time"

	"tailscale.com/derp/derpserver"
	"tailscale.com/net/stunserver"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

const regionID = 1

// startRelay starts a relay on free ports of an address: a device counts as connected only when it has one.
func startRelay(host string) (*tailcfg.DERPMap, error) {
	certificate, err := selfSigned(net.ParseIP(host))
	if err != nil {
		return nil, err
	}
	listener, err := tls.Listen("tcp", net.JoinHostPort(host, "0"), &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		return nil, err
	}
	server := derpserver.New(key.NewNode(), func(string, ...any) {})
	mux := http.NewServeMux()
	mux.Handle("/derp", derpserver.Handler(server))
	mux.HandleFunc("/derp/probe", derpserver.ProbeHandler)
	mux.HandleFunc("/derp/latency-check", derpserver.ProbeHandler)
	mux.HandleFunc("/generate_204", derpserver.ServeNoContent)
	// A relayed connection takes the HTTP connection over, which HTTP/2 can't give.
	web := &http.Server{Handler: mux, TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
	go func() { log.Fatal(web.Serve(listener)) }()

	stun := stunserver.New(context.Background())
	if err := stun.Listen(net.JoinHostPort(host, "0")); err != nil {
		return nil, err
	}
	go func() { log.Fatal(stun.Serve()) }()
	node := &tailcfg.DERPNode{
		Name:             "lab",
		RegionID:         regionID,
		HostName:         host,
		IPv4:             host,
		IPv6:             "none",
		DERPPort:         listener.Addr().(*net.TCPAddr).Port,
		STUNPort:         stun.LocalAddr().(*net.UDPAddr).Port,
		STUNTestIP:       host,
		InsecureForTests: true,
	}
	region := &tailcfg.DERPRegion{RegionID: regionID, RegionCode: "lab", RegionName: "Lab", Nodes: []*tailcfg.DERPNode{node}}
	return &tailcfg.DERPMap{OmitDefaultRegions: true, Regions: map[int]*tailcfg.DERPRegion{regionID: region}}, nil
}

func selfSigned(address net.IP) (tls.Certificate, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		IPAddresses:  []net.IP{address},
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, err
}
