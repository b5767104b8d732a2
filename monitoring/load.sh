#!/bin/sh
# Requests of all kinds, over and over: load.sh http://demo:8080
base=$1

get() { wget -q -O /dev/null "$base$1" 2>/dev/null; }

round=0
while :; do
    for id in 1 2 3 4 5 6 7 8; do
        get "/users/$id" &
        get "/shop/items/tea" &
        get "/orders/$id" &
    done
    wget -q -O /dev/null --post-data= "$base/orders" 2>/dev/null &
    get "/files/a/b.txt" &
    get "/slow?ms=$((round % 9 * 100))" &
    get "/stream?chunks=3&ms=100" &

    # Now and then what goes wrong: no such thing, an error, a broken body, a panic, and a client that leaves.
    case $((round % 10)) in
    1) get "/nothing/here" & ;;
    3) get "/status/503" & ;;
    5) get "/stream-error?chunks=2&ms=50" & ;;
    7) get "/panic" & ;;
    9) timeout 1 wget -q -O /dev/null "$base/slow?ms=5000" 2>/dev/null & ;;
    esac

    sleep 1
    round=$((round + 1))
done
