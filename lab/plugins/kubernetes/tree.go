package main

import (
	"encoding/json"
	"slices"
	"strings"
)

// plain removes the secret wrappers at every depth and copies; unknown values stay.
func plain(value any) any {
	switch typed := value.(type) {
	case secret:
		return plain(typed.value)
	case map[string]any:
		result := make(map[string]any, len(typed))
		for key, item := range typed {
			result[key] = plain(item)
		}
		return result
	case []any:
		result := make([]any, len(typed))
		for i, item := range typed {
			result[i] = plain(item)
		}
		return result
	default:
		return value
	}
}

func plainMap(value map[string]any) map[string]any { return plain(value).(map[string]any) }

// object reads a nested object, secret or not; anything else gives an empty map.
func object(value any) map[string]any {
	if result, ok := plain(value).(map[string]any); ok {
		return result
	}
	return map[string]any{}
}

// hasUnknown tells whether any value below is not known yet.
func hasUnknown(value any) bool {
	switch typed := value.(type) {
	case unknown:
		return true
	case secret:
		return hasUnknown(typed.value)
	case map[string]any:
		for _, item := range typed {
			if hasUnknown(item) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(typed, hasUnknown)
	}
	return false
}

// markSecrets wraps every value of target that is secret at the same place in source. Where the shapes differ below a
// list, the whole list counts as secret when any of its items is.
func markSecrets(target, source any) any {
	switch typed := source.(type) {
	case secret:
		if already, ok := target.(secret); ok {
			return already
		}
		return secret{target}
	case map[string]any:
		result, ok := target.(map[string]any)
		if !ok {
			return target
		}
		for key, item := range typed {
			if inner, present := result[key]; present {
				result[key] = markSecrets(inner, item)
			}
		}
		return result
	case []any:
		result, ok := target.([]any)
		if !ok || len(secretTexts(typed)) == 0 {
			return target
		}
		if len(result) != len(typed) {
			return secret{target}
		}
		for i, item := range typed {
			result[i] = markSecrets(result[i], item)
		}
		return result
	default:
		return target
	}
}

// canonical turns numbers of every Go type into float64, as the protocol carries them.
func canonical(value map[string]any) (map[string]any, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	result := map[string]any{}
	return result, json.Unmarshal(text, &result)
}

// withoutNulls drops null fields of objects at every depth: to the Kubernetes API null means absent.
func withoutNulls(value any) any {
	switch typed := value.(type) {
	case secret:
		return secret{withoutNulls(typed.value)}
	case map[string]any:
		result := map[string]any{}
		for key, item := range typed {
			if item != nil {
				result[key] = withoutNulls(item)
			}
		}
		return result
	case []any:
		result := make([]any, len(typed))
		for i, item := range typed {
			result[i] = withoutNulls(item)
		}
		return result
	default:
		return value
	}
}

// renameKeys replaces a prefix of object keys at every depth. The SDK spells the extension fields of schemas
// x_kubernetes_…, the API x-kubernetes-….
func renameKeys(value any, from, to string) any {
	switch typed := value.(type) {
	case secret:
		return secret{renameKeys(typed.value, from, to)}
	case map[string]any:
		result := make(map[string]any, len(typed))
		for key, item := range typed {
			if rest, ok := strings.CutPrefix(key, from); ok {
				if from == kubernetesInPulum {
					rest = strings.ReplaceAll(rest, "_", "-")
				} else {
					rest = strings.ReplaceAll(rest, "-", "_")
				}
				key = to + rest
			}
			result[key] = renameKeys(item, from, to)
		}
		return result
	case []any:
		result := make([]any, len(typed))
		for i, item := range typed {
			result[i] = renameKeys(item, from, to)
		}
		return result
	default:
		return value
	}
}
