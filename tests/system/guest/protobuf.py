# SPDX-License-Identifier: Apache-2.0
"""The part of protobuf's wire format that the CRI needs (protobuf.dev, "Encoding"): varints and length-delimited
fields. A message is described by a dict {field name: (field number, kind)}, where kind is "int", "string", "bytes",
"map" (string to string), a dict (a nested message) or a one-element list of a kind (repeated)."""

VARINT, LENGTH_DELIMITED = 0, 2
MAP_ENTRY = {"key": (1, "string"), "value": (2, "string")}


def varint(number):
    number &= (1 << 64) - 1  # a negative int64 travels as its two's complement
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def encode_field(number, kind, value):
    if kind == "int":
        return varint(number << 3 | VARINT) + varint(int(value))
    if kind == "string":
        value = value.encode()
    elif isinstance(kind, dict):
        value = encode(kind, value)
    return varint(number << 3 | LENGTH_DELIMITED) + varint(len(value)) + value


def encode(message, values):
    out = b""
    for name, value in values.items():
        number, kind = message[name]
        if kind == "map":
            out += b"".join(encode_field(number, MAP_ENTRY, {"key": k, "value": v}) for k, v in value.items())
        elif isinstance(kind, list):
            out += b"".join(encode_field(number, kind[0], item) for item in value)
        else:
            out += encode_field(number, kind, value)
    return out


def read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def raw_fields(data):
    """(field number, value) of each field: an int or bytes."""
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == VARINT:
            value, at = read_varint(data, at)
        elif tag & 7 == LENGTH_DELIMITED:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f"wire type {tag & 7} does not occur in the CRI")
        yield tag >> 3, value


def decode_value(kind, value):
    if isinstance(kind, dict):
        return decode(kind, value)
    return value.decode() if kind == "string" else value


def decode(message, data):
    """Fields that are not in `message` are skipped; repeated and map fields are always there."""
    out = {name: {} if kind == "map" else [] for name, (_, kind) in message.items()
           if kind == "map" or isinstance(kind, list)}
    names = {number: (name, kind) for name, (number, kind) in message.items()}
    for number, value in raw_fields(data):
        name, kind = names.get(number, (None, None))
        if kind == "map":
            entry = decode(MAP_ENTRY, value)
            out[name][entry.get("key", "")] = entry.get("value", "")
        elif isinstance(kind, list):
            out[name].append(decode_value(kind[0], value))
        elif name:
            out[name] = decode_value(kind, value)
    return out
