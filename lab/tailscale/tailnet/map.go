package main

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"time"

	"tailscale.com/tailcfg"
	"tailscale.com/util/zstdframe"
)

// keepAlive is how often a device is told that the service is still there.
const keepAlive = 30 * time.Second

// serveMap takes in what a device reports, and for one that listens tells what it may know: itself and all others.
func (c *control) serveMap(w http.ResponseWriter, r *http.Request) {
	var request tailcfg.MapRequest
	if err := json.NewDecoder(io.LimitReader(r.Body, largestRequest)).Decode(&request); err != nil {
		http.Error(w, "this is no request for a map", http.StatusBadRequest)
		return
	}
	t := c.tailnet
	t.mu.Lock()
	known := t.byNodeKeyLocked(request.NodeKey)
	if known == nil || known.node.Machine != machineOf(r) {
		t.mu.Unlock()
		http.Error(w, "node not found", http.StatusNotFound)
		return
	}
	known.seen = time.Now()
	// A device that listens reports in another request.
	if !request.ReadOnly && !request.Stream {
		t.takeInLocked(known, &request)
	}
	t.mu.Unlock()
	listener := &listener{tailnet: t, device: known, w: w, compress: request.Compress != ""}
	if !request.Stream {
		if !request.OmitPeers {
			listener.send(listener.next())
		}
		return
	}
	listener.listen(r)
}

// takeInLocked wakes the others only where something is new.
func (t *tailnet) takeInLocked(d *device, request *tailcfg.MapRequest) {
	before := d.node
	d.node.Endpoints, d.node.DiscoKey, d.node.Cap = request.Endpoints, request.DiscoKey, request.Version
	t.describeLocked(d, request.Hostinfo)
	before.Hostinfo, before.Cap = d.node.Hostinfo, d.node.Cap
	if !reflect.DeepEqual(before, d.node) {
		t.announceLocked()
	}
}

// listener is one device that listens.
type listener struct {
	tailnet  *tailnet
	device   *device
	w        http.ResponseWriter
	compress bool
	// told are the others that the device was told of.
	told map[tailcfg.NodeID]bool
}

func (l *listener) listen(r *http.Request) {
	l.count(1)
	defer l.count(-1)
	for {
		l.tailnet.mu.Lock()
		changed := l.tailnet.changed
		l.tailnet.mu.Unlock()
		response := l.next()
		if l.send(response) != nil || !response.Node.KeyExpiry.IsZero() {
			return
		}
		for waiting := true; waiting; {
			select {
			case <-r.Context().Done():
				return
			case <-changed:
				waiting = false
			case <-time.After(keepAlive):
				if l.send(&tailcfg.MapResponse{KeepAlive: true}) != nil {
					return
				}
			}
		}
	}
}

func (l *listener) count(change int) {
	l.tailnet.mu.Lock()
	defer l.tailnet.mu.Unlock()
	l.device.polls += change
}

// next is what there is to tell: everything the first time, then who is there and who is gone.
func (l *listener) next() *tailcfg.MapResponse {
	t := l.tailnet
	t.mu.Lock()
	defer t.mu.Unlock()
	response := &tailcfg.MapResponse{
		Node:         l.device.node.Clone(),
		DERPMap:      t.relay,
		Domain:       domain,
		DNSConfig:    &tailcfg.DNSConfig{Domains: []string{domain}, CertDomains: []string{l.device.name + "." + domain}},
		PacketFilter: tailcfg.FilterAllowAll,
		UserProfiles: []tailcfg.UserProfile{{ID: taggedDevices, LoginName: "tagged-devices", DisplayName: "Tagged Devices"}},
	}
	if l.device.expired || t.byIDLocked(string(l.device.node.StableID)) == nil {
		response.Node.KeyExpiry = time.Unix(1, 0).UTC()
	}
	var others []*tailcfg.Node
	present := map[tailcfg.NodeID]bool{}
	for _, other := range t.devices {
		if other == l.device || other.expired {
			continue
		}
		others = append(others, other.node.Clone())
		present[other.node.ID] = true
	}
	for id := range l.told {
		if !present[id] {
			response.PeersRemoved = append(response.PeersRemoved, id)
		}
	}
	if l.told == nil {
		response.Peers = others
	} else {
		response.PeersChanged = others
	}
	l.told = present
	return response
}

// send writes one message: its length, four bytes with the lowest first, and then itself.
func (l *listener) send(response *tailcfg.MapResponse) error {
	message, err := json.Marshal(response)
	if err != nil {
		return err
	}
	if l.compress {
		message = zstdframe.AppendEncode(nil, message, zstdframe.FastestCompression)
	}
	if err := binary.Write(l.w, binary.LittleEndian, uint32(len(message))); err != nil {
		return err
	}
	if _, err := l.w.Write(message); err != nil {
		return err
	}
	return http.NewResponseController(l.w).Flush()
}
