"""Sends what external-dns's rfc2136 provider sends (provider/rfc2136/rfc2136.go; library miekg/dns), by dnspython.

Arguments: port, zone, key name, base64 secret, algorithm. Standard input: one JSON object a line, in order:
  {"list": true}                                   AXFR over TCP, signed; all messages must be signed in turn. Answers {"records": […]}
  {"changes": {"create": […], "updateOld": […], "updateNew": […], "delete": […]}, "batch": N}
                                                   for each kind, in chunks of N, one UPDATE: records removed one by one (class NONE, TTL 0,
                                                   exact rdata), then added (class IN). No prerequisites, names not compressed;
                                                   UDP, TCP when the message without TSIG exceeds 512 octets. Answers {"rcodes": […]}
An endpoint is {"name", "type", "ttl", "targets"}. Prints one JSON object a line.
"""
import json
import sys

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring
import dns.update

port, zone, key_name, secret, algorithm = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5]
keyring = dns.tsigkeyring.from_text({key_name: secret})


def transfer():
    query = dns.message.make_query(zone, dns.rdatatype.AXFR)
    query.flags = 0
    query.use_tsig(keyring, keyname=key_name, algorithm=algorithm)
    records, signed, soas = [], True, 0
    wire = query.to_wire()
    import socket
    import struct

    with socket.create_connection(("127.0.0.1", port), timeout=10) as stream:
        stream.sendall(struct.pack("!H", len(wire)) + wire)
        reader = stream.makefile("rb")
        context, mac = None, query.mac
        while soas < 2:
            (length,) = struct.unpack("!H", reader.read(2))
            reply = dns.message.from_wire(
                reader.read(length), keyring=keyring, request_mac=query.mac, xfr=True, tsig_ctx=context, multi=True, one_rr_per_rrset=True
            )
            context = reply.tsig_ctx
            signed = signed and reply.had_tsig
            if reply.rcode() != dns.rcode.NOERROR:
                return {"rcode": dns.rcode.to_text(reply.rcode())}
            for rrset in reply.answer:
                soas += rrset.rdtype == dns.rdatatype.SOA
                records += [
                    {
                        "name": rrset.name.to_text(),
                        "type": dns.rdatatype.to_text(rrset.rdtype),
                        "ttl": rrset.ttl,
                        "data": rdata.to_text(),
                    }
                    for rdata in rrset
                ]
    return {"records": records, "signed": signed}


def rdata_of(endpoint, target):
    return dns.rdata.from_text(dns.rdataclass.IN, endpoint["type"], target, origin=dns.name.root, relativize=False)


def remove(update, endpoint):
    for target in endpoint["targets"]:
        update.delete(dns.name.from_text(endpoint["name"]), rdata_of(endpoint, target))


def add(update, endpoint):
    for target in endpoint["targets"]:
        update.add(dns.name.from_text(endpoint["name"]), endpoint["ttl"], rdata_of(endpoint, target))


def send(update):
    size = len(update.to_wire())
    update.use_tsig(keyring, keyname=key_name, algorithm=algorithm)
    ask = dns.query.udp if size <= 512 else dns.query.tcp
    reply = ask(update, "127.0.0.1", timeout=10, port=port)
    return {"rcode": dns.rcode.to_text(reply.rcode()), "signed": reply.had_tsig, "by": "udp" if size <= 512 else "tcp"}


def chunks(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


def apply(changes, batch):
    answers = []
    for chunk in chunks(changes.get("create", []), batch):
        update = dns.update.UpdateMessage(zone)
        for endpoint in chunk:
            add(update, endpoint)
        answers.append(send(update))
    pairs = list(zip(changes.get("updateOld", []), changes.get("updateNew", [])))
    for chunk in chunks(pairs, batch):
        update = dns.update.UpdateMessage(zone)
        for old, new in chunk:
            remove(update, old)
            add(update, new)
        answers.append(send(update))
    for chunk in chunks(changes.get("delete", []), batch):
        update = dns.update.UpdateMessage(zone)
        for endpoint in chunk:
            remove(update, endpoint)
        answers.append(send(update))
    return {"answers": answers}


for line in sys.stdin:
    step = json.loads(line)
    print(json.dumps(transfer() if "list" in step else apply(step["changes"], step["batch"])), flush=True)
