#!/usr/bin/env python3
"""check-floors.py SRC: every #include below SRC obeys SRC/floors.txt (STYLE.md A2).

Reports, one per line as file:line: message,
  - a room included that the room's line in floors.txt does not name, or a cycle between rooms,
  - another room's *_priv.h,
  - a library header included by a room that does not own the library,
  - a folder below SRC that floors.txt does not know.
With --list, prints the rooms that exist, lowest floor first (the build uses it).
"""
import os
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def read_floors(path):
    rooms, libs = {}, {}
    with open(path, encoding='utf-8') as f:
        for line in f:
            line = line.split('#', 1)[0].strip()
            if not line:
                continue
            name, _, needs = line.partition(':')
            if name.startswith('<'):
                libs[name.strip('<>')] = needs.split()
            else:
                rooms[name.strip()] = needs.split()
    return rooms, libs


def sort_rooms(rooms):
    """Lowest first; raises on a cycle or an unknown name."""
    done, order = {}, []

    def visit(room, path):
        if room in path:
            raise ValueError('cycle: ' + ' -> '.join(path + [room]))
        if room in done:
            return
        if room not in rooms:
            raise ValueError(f'unknown room {room!r} named by {path[-1]!r}')
        for need in rooms[room]:
            visit(need, path + [room])
        done[room] = True
        order.append(room)

    for room in rooms:
        visit(room, [])
    return order


def library_of(header, libs):
    for prefix in libs:
        if header == prefix or (prefix.endswith('/') and header.startswith(prefix)):
            return prefix
    return None


def check_file(path, room, rooms, libs, problems):
    with open(path, encoding='utf-8') as f:
        for number, line in enumerate(f, 1):
            m = INCLUDE.match(line)
            if not m:
                continue
            kind, header = m.groups()
            where = f'{path}:{number}'
            if kind == '<':
                lib = library_of(header, libs)
                if lib and room not in libs[lib]:
                    problems.append(f'{where}: <{header}> belongs to room {" ".join(libs[lib])}')
                continue
            if '/' not in header:
                if not os.path.exists(os.path.join(os.path.dirname(path), header)):
                    problems.append(f'{where}: "{header}" is not in this room')
                continue
            other = header.split('/', 1)[0]
            if other == room:
                continue
            if other not in rooms:
                problems.append(f'{where}: "{header}": no room {other!r} in floors.txt')
            elif other not in rooms[room]:
                problems.append(f'{where}: room {room!r} may not include {other!r}')
            elif header.endswith('_priv.h'):
                problems.append(f'{where}: "{header}" is private to room {other!r}')


def main():
    args = [a for a in sys.argv[1:] if a != '--list']
    src = args[0] if args else 'src'
    rooms, libs = read_floors(os.path.join(src, 'floors.txt'))
    try:
        order = sort_rooms(rooms)
    except ValueError as e:
        print(f'{src}/floors.txt: {e}')
        return 1
    if '--list' in sys.argv:
        print('\n'.join(r for r in order if os.path.isdir(os.path.join(src, r))))
        return 0
    problems = []
    for room in sorted(os.listdir(src)):
        folder = os.path.join(src, room)
        if not os.path.isdir(folder):
            continue
        if room not in rooms:
            problems.append(f'{folder}: room {room!r} is not in floors.txt')
            continue
        for base, _, files in os.walk(folder):
            for name in sorted(files):
                if name.endswith(('.c', '.h')):
                    check_file(os.path.join(base, name), room, rooms, libs, problems)
    print('\n'.join(problems) if problems else f'floors: {len(order)} rooms, every include allowed')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
