package main

import "testing"

func TestMessagesKeepNamesAndLoseSecrets(t *testing.T) {
	inputs := map[string]any{"name": "longhorn", "values": map[string]any{"password": secret{"hunter22"}}}
	state := releaseState(inputs, nil)
	message := redact("job longhorn-uninstall failed with hunter22 and aHVudGVyMjI=", state)
	if want := "job longhorn-uninstall failed with [secret] and [secret]"; message != want {
		t.Errorf("got %q, want %q", message, want)
	}
	if message := redact("hunter22", map[string]any{propertyInputs: secret{inputs}}); message != "[secret]" {
		t.Errorf("a secret of the inputs' copy stays: %q", message)
	}
}
