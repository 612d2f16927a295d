# Each step ends with what it expects to find on the host from then on; the inspection compares the host with it.

# observe KIND KEY: what the host shows of a fact, as one line. Succeeds, whatever it finds.
observe() {
  local name=observe_${1//-/_}
  if declare -F "$name" >/dev/null; then "$name" "$2"; else echo 'of a kind that this version does not know'; fi
}

# cache_facts: what takes long and is the same for all facts of a kind is read once, by its cache_KIND.
cache_facts() {
  local name
  for name in $(compgen -A function cache_ | grep -vx cache_facts); do "$name"; done
}

expected_facts=()

# expect KIND KEY [VALUE]: without a value, what the host shows now.
expect() {
  local value
  if [ "$#" -gt 2 ]; then value=$3; else value=$(observe "$1" "$2"); fi
  expected_facts+=("{\"kind\":\"$1\",\"key\":\"$2\",\"value\":\"$value\"}")
}

# write_expected: writes all of them, with the id of this run, as JSON with one fact a line.
write_expected() {
  local separator='' fact
  {
    printf '{\n"step":"%s",\n"run":"%s",\n"expected":[' "$step" "$(cat /proc/sys/kernel/random/uuid)"
    for fact in ${expected_facts[@]+"${expected_facts[@]}"}; do
      printf '%s\n%s' "$separator" "$fact"
      separator=,
    done
    printf '\n]\n}\n'
  } | write_file "$expected/$step.json" 644 >/dev/null
}
