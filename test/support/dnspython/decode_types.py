"""Asks a server for each record named on standard input ("owner type wire-hex", a line each) and compares what dnspython decodes.

Arguments: port. A record must decode to the octets given, and its text, when dnspython knows the type, must lead back to them.
Prints one line a difference, then "N records".
"""
import sys

import dns.flags
import dns.message
import dns.query
import dns.rdata
import dns.rdataclass

port = int(sys.argv[1])
count = 0
for line in sys.stdin:
    owner, rdtype, wire = line.split()
    query = dns.message.make_query(owner, int(rdtype), use_edns=0, payload=1232)
    reply, _ = dns.query.udp_with_fallback(query, "127.0.0.1", timeout=10, port=port)
    count += 1
    if reply.rcode() != 0 or not reply.flags & dns.flags.AA or len(reply.answer) != 1:
        print(f"{owner} {rdtype}: {reply}")
        continue
    rrset = reply.answer[0]
    decoded = [rdata.to_wire().hex() for rdata in rrset]
    if decoded != [wire] or rrset.rdtype != int(rdtype):
        print(f"{owner} {rdtype}: {decoded} instead of {wire}")
    again = dns.rdata.from_text(dns.rdataclass.IN, rrset.rdtype, rrset[0].to_text()).to_wire().hex()
    if again != wire:
        print(f"{owner} {rdtype}: its text {rrset[0].to_text()} is {again} instead of {wire}")
print(f"{count} records")
