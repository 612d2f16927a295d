start=$(date +%s)
over() { [ $(($(date +%s) - start)) -ge "$1" ]; }
ask() { timeout 3 wget -q -O - "$1" 2>&1; }
failed() { echo "result $1 $2 failed $(echo "$3" | tail -n 1)"; }
answers() {
  while :; do
    said=$(ask "$3")
    case $said in homelab-check*) echo "result $1 $2 ok" && return ;; esac
    if over 25; then failed "$1" "$2" "${said:-no answer within 3 s}" && return; fi
    sleep 1
  done
}
refuses() {
  while :; do
    said=$(ask "$3")
    case $said in homelab-check*) ;; *) echo "result $1 $2 ok" && return ;; esac
    if over 25; then failed "$1" "$2" answered && return; fi
    sleep 1
  done
}
resolves() {
  while :; do
    said=$(timeout 3 nslookup "$2" 2>&1)
    case $said in *Name:*"$3"*) echo "result $1 $2 ok" && return ;; esac
    if over "$4"; then failed "$1" "$2" "${said:-no answer within 3 s}" && return; fi
    sleep 1
  done
}
answers ''\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' ''\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' 'http://'\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s/' &
resolves dns ''\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' Address 8 &
wait
