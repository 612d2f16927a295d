package main

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
)

// shortestRedacted is the length in bytes from which a secret text is replaced in messages: shorter ones ("1", "no")
// would tear words apart and are no secrets in practice.
const shortestRedacted = 4

// secretTexts lists every string below a secret, longest first so that a part never hides the whole. The copy of the
// inputs that a state keeps is a secret as a whole, with names that a message needs: of it only the secrets inside count.
func secretTexts(value any) []string {
	var texts []string
	var walk func(value any, inside bool)
	walk = func(value any, inside bool) {
		switch typed := value.(type) {
		case secret:
			walk(typed.value, true)
		case map[string]any:
			for name, item := range typed {
				if copied, whole := item.(secret); whole && name == propertyInputs {
					item = copied.value
				}
				walk(item, inside)
			}
		case []any:
			for _, item := range typed {
				walk(item, inside)
			}
		case string:
			if inside {
				texts = append(texts, typed)
			}
		}
	}
	walk(value, false)
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) })
	return texts
}

// redact replaces the secret texts of the given properties in a message, in clear and in base64, also line by line.
func redact(message string, properties ...map[string]any) string {
	for _, source := range properties {
		for _, text := range secretTexts(source) {
			for _, part := range append([]string{text}, strings.Split(text, "\n")...) {
				if len(part) < shortestRedacted {
					continue
				}
				message = strings.ReplaceAll(message, part, "[secret]")
				message = strings.ReplaceAll(message, base64.StdEncoding.EncodeToString([]byte(part)), "[secret]")
			}
		}
	}
	return message
}

// redactError keeps the text of an error without the secrets; the chain is cut because it carries them too.
func redactError(err error, properties ...map[string]any) error {
	if err == nil {
		return nil
	}
	return errors.New(redact(err.Error(), properties...))
}
