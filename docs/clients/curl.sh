#!/bin/sh
# curl: a call, a stream, an idempotent call, a chat completion, an error. `KEY=pb_… AGENT=handbook sh curl.sh`
set -eu
SERVER=${SERVER:-http://127.0.0.1:4400}
AGENT=${AGENT:-handbook}
: "${KEY:?Set KEY to an agent key}"
fail() { echo "Failed: $1" >&2; exit 1; }
# Writes the body, then the status on its own line.
call() {
  curl --silent --show-error --max-time 60 --write-out '\n%{http_code}' \
    --header "Authorization: Bearer $KEY" --header "Content-Type: application/json" "$@"
}

question='{ "input": { "message": "How many days of annual leave do I get?" } }'

answer=$(call "$SERVER/v1/agents/$AGENT/runs" --data "$question")
case $answer in *'"status":"done"'*'"reply"'*200) ;; *) fail "a call: $answer" ;; esac

stream=$(call "$SERVER/v1/agents/$AGENT/runs" --no-buffer --header "Accept: text/event-stream" --data "$question")
case $stream in *'event: run-start'*'event: run-end'*200) ;; *) fail "a stream: $stream" ;; esac

once="curl-$$-$(date +%s)"
first=$(call "$SERVER/v1/agents/$AGENT/runs" --header "Idempotency-Key: $once" --data "$question")
again=$(call "$SERVER/v1/agents/$AGENT/runs" --header "Idempotency-Key: $once" --data "$question")
id=$(printf %s "$first" | sed -n 's/^{"id":"\([0-9a-z]*\)".*/\1/p')
case $again in *"\"id\":\"${id:?}\""*) ;; *) fail "the same key started another run: $again" ;; esac

chat=$(call "$SERVER/v1/chat/completions" --data '{ "model": "'"$AGENT"'", "messages": [{ "role": "user", "content": "Hello" }] }')
case $chat in *'"object":"chat.completion"'*200) ;; *) fail "a chat completion: $chat" ;; esac

refused=$(call "$SERVER/v1/agents/$AGENT/runs" --data '{ "input": { "message": "Hello", "graph": {} } }')
case $refused in *'"code":"bad_request"'*400) ;; *) fail "an unknown input was accepted: $refused" ;; esac

printf '%s\n' "$answer" | head -n 1
