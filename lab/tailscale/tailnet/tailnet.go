package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
)

const domain = "tail0000.ts.net"

// device is a device of the tailnet. All fields are guarded by the tailnet's lock.
type device struct {
	node     tailcfg.Node
	hostinfo *tailcfg.Hostinfo
	// name is the first part of its name in the tailnet.
	name      string
	ephemeral bool
	expired   bool
	polls     int
	seen      time.Time
}

// authKey is a key that devices log in with.
type authKey struct {
	ID        string
	Key       string
	Tags      []string
	Reusable  bool
	Ephemeral bool
	Expires   time.Time
}

// tailnet is all that the service knows. Devices are found by their machine's key, which they keep.
type tailnet struct {
	relay *tailcfg.DERPMap

	mu       sync.Mutex
	clients  map[string]string
	tokens   map[string]string
	keys     map[string]*authKey
	made     []string
	devices  []*device
	services map[string]map[string]any
	requests []string
	nextID   int
	// changed is closed, and replaced, whenever a device has to be told something.
	changed chan struct{}
}

func newTailnet(relay *tailcfg.DERPMap) *tailnet {
	return &tailnet{
		relay:    relay,
		clients:  map[string]string{},
		tokens:   map[string]string{},
		keys:     map[string]*authKey{},
		services: map[string]map[string]any{},
		changed:  make(chan struct{}),
	}
}

func (t *tailnet) note(request string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests = append(t.requests, request)
}

// announceLocked wakes every device that listens.
func (t *tailnet) announceLocked() {
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *tailnet) findLocked(matches func(*device) bool) *device {
	if at := slices.IndexFunc(t.devices, matches); at >= 0 {
		return t.devices[at]
	}
	return nil
}

func (t *tailnet) byNodeKeyLocked(nodeKey key.NodePublic) *device {
	return t.findLocked(func(d *device) bool { return d.node.Key == nodeKey })
}

func (t *tailnet) byIDLocked(id string) *device {
	return t.findLocked(func(d *device) bool {
		return string(d.node.StableID) == id || strconv.FormatInt(int64(d.node.ID), 10) == id
	})
}

func (t *tailnet) removeLocked(gone *device) {
	t.devices = slices.DeleteFunc(t.devices, func(d *device) bool { return d == gone })
	t.announceLocked()
}

// useKeyLocked takes a key for one login; one that may be used once is gone then.
func (t *tailnet) useKeyLocked(text string, requested []string) (*authKey, error) {
	found := t.keys[text]
	if found == nil || time.Now().After(found.Expires) {
		return nil, fmt.Errorf("invalid key: %s not found", text)
	}
	for _, tag := range requested {
		if !slices.Contains(found.Tags, tag) {
			return nil, fmt.Errorf("requested tags [%s] are invalid or not permitted", tag)
		}
	}
	if !found.Reusable {
		delete(t.keys, text)
	}
	return found, nil
}

// joinLocked logs a machine in by a key: its device again where it has one, else a new one.
func (t *tailnet) joinLocked(machine key.MachinePublic, request *tailcfg.RegisterRequest) error {
	used, err := t.useKeyLocked(request.Auth.AuthKey, request.Hostinfo.RequestTags)
	if err != nil {
		return err
	}
	found := t.findLocked(func(d *device) bool { return d.node.Machine == machine })
	if found == nil {
		found = t.newDeviceLocked(machine)
	}
	found.node.Key, found.node.Tags, found.node.Cap = request.NodeKey, used.Tags, request.Version
	found.expired, found.ephemeral = false, used.Ephemeral || request.Ephemeral
	t.describeLocked(found, request.Hostinfo)
	t.announceLocked()
	return nil
}

func (t *tailnet) newDeviceLocked(machine key.MachinePublic) *device {
	t.nextID++
	number := byte(t.nextID)
	addresses := []netip.Prefix{
		netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, byte(t.nextID >> 8), number}), 32),
	}
	made := &device{seen: time.Now(), node: tailcfg.Node{
		ID:                tailcfg.NodeID(t.nextID),
		StableID:          tailcfg.StableNodeID("n" + randomText(6) + "CNTRL"),
		User:              taggedDevices,
		Machine:           machine,
		MachineAuthorized: true,
		Addresses:         addresses,
		AllowedIPs:        addresses,
		Created:           time.Now(),
		HomeDERP:          regionID,
		CapMap:            tailcfg.NodeCapMap{tailcfg.CapabilityHTTPS: nil},
	}}
	t.devices = append(t.devices, made)
	return made
}

// describeLocked takes in what a device reports. Its name gets a number where another device has it.
func (t *tailnet) describeLocked(d *device, info *tailcfg.Hostinfo) {
	if info == nil {
		return
	}
	renamed := d.hostinfo == nil || d.hostinfo.Hostname != info.Hostname
	d.hostinfo = info
	d.node.Hostinfo = info.View()
	if info.NetInfo != nil && info.NetInfo.PreferredDERP != 0 {
		d.node.HomeDERP = info.NetInfo.PreferredDERP
	}
	if !renamed {
		return
	}
	wanted := strings.ToLower(info.Hostname)
	d.name = ""
	name := wanted
	for number := 1; t.findLocked(func(other *device) bool { return other.name == name }) != nil; number++ {
		name = fmt.Sprintf("%s-%d", wanted, number)
	}
	d.name = name
	d.node.Name = name + "." + domain + "."
}

// makeKeyLocked makes a key as the API does: tags are demanded, because an OAuth client is no user.
func (t *tailnet) makeKeyLocked(made authKey) (*authKey, error) {
	if len(made.Tags) == 0 {
		return nil, errors.New("tailnet-owned auth key must have tags set")
	}
	made.ID = "k" + randomText(6) + "CNTRL"
	made.Key = "tskey-auth-" + made.ID + "-" + randomText(12)
	t.keys[made.Key] = &made
	t.made = append(t.made, made.ID)
	return &made, nil
}

// randomText answers twice as many hexadecimal digits as bytes.
func randomText(bytes int) string {
	random := make([]byte, bytes)
	rand.Read(random)
	return hex.EncodeToString(random)
}
