#!/bin/sh
# The demonstration: two captures of Linux siw traffic through the receive path of dc-100g, then two chips that talk to each other.
set -eu
ferrowarp=${FERROWARP:-target/release/ferrowarp}
traces=${TRACES:-testbench/traces}
mkdir -p build/demo

replay() { # file, title
    name=$(basename "$1" .pcap)
    echo
    echo "== $2"
    echo "   $ferrowarp replay $1 --preset dc-100g"
    "$ferrowarp" replay "$1" --preset dc-100g --report "build/demo/$name.json" --picture "build/demo/$name.svg"
}

replay "$traces/36_crc_write_1MiB.pcap" "a 1 MiB RDMA Write, CRC on"
replay "$traces/31_crc_both.pcap" "Send, Write, Read Response and Send with Invalidate, CRC on"

link() { # title, arguments
    echo
    echo "== $1"
    shift
    echo "   $ferrowarp link $*"
    "$ferrowarp" link "$@"
}

link "two chips, a calm wire: RDMA Writes of 64 KiB" write-bw --preset dc-100g --size 65536 --iters 20 --report build/demo/link.json
link "two chips, a wire that loses and reorders: Writes and Sends both ways" mix --preset dc-100g --size 20000 --iters 40 --loss 0.01 --reorder 0.01 --report build/demo/lossy.json

echo
echo "Every octet placed was compared with an independent decoder's."
echo "Reports and pictures: build/demo/"
echo "Your own capture:     $ferrowarp replay FILE.pcap --preset dc-100g --wave chip.fst"
