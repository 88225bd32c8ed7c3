#!/usr/bin/env python3
"""table.py RESULTS MACHINE [--json FILE] : medians of single runs as a Markdown table.

RESULTS has lines "row, tool, value" (tabs); a value "failed" says that the tool could not. MACHINE
has lines "word, text" for the list below the table. Exits 1 when something of knarr's failed.
"""
import argparse
import json
import statistics
import sys

PEERS = ['docker', 'buildah', 'docker-registry']
COLUMNS = ['knarr'] + PEERS + ['by-hand']
LESS, MORE = 'less', 'more'
ROWS = [  # key, what it says, unit, which is better
    ('build_same', 'build, nothing changed', 'ms', LESS),
    ('build_copy', 'build, one line changed, no `RUN` after it', 'ms', LESS),
    ('build_line', 'build, one line changed, a small `RUN` after it', 'ms', LESS),
    ('build_cold', 'build, cold', 'ms', LESS),
    ('layer', 'layer commit: tree to compressed, digested blob', 'ms', LESS),
    ('layer_size', 'size of that blob', 'MB', LESS),
    ('push', 'push, base image there already', 'ms', LESS),
    ('push_same', 'push, nothing changed', 'ms', LESS),
    ('image_size', 'size of that image in the registry', 'MB', LESS),
    ('build_push', 'cold build and push', 'ms', LESS),
    ('pull', 'pull into an empty store, ready to run', 'ms', LESS),
    ('pull_same', 'pull, nothing changed', 'ms', LESS),
    ('start', 'start of a container: `true`', 'ms', LESS),
    ('server_start', 'registry: restart to first answer', 'ms', LESS),
    ('manifests', 'registry: manifest GET, 16 connections', '/s', MORE),
    ('get', 'registry: blob GET, one large', 'MB/s', MORE),
    ('get_many', 'registry: blob GET, 1 MiB, 16 connections', 'MB/s', MORE),
    ('put', 'registry: blob PUT, one large', 'MB/s', MORE),
    ('rss_idle', 'registry: memory, idle', 'MB', LESS),
    ('rss_after', 'registry: memory, after that load', 'MB', LESS),
]
COSTS = [  # CPU time, and of what
    ('build_same', 'build, nothing changed', 'ms'),
    ('build_line', 'build, one line changed, a small `RUN` after it', 'ms'),
    ('build_cold', 'build, cold', 'ms'),
    ('layer', 'layer commit', 'ms'),
    ('push', 'push, its registry included', 'ms'),
    ('build_push', 'cold build and push', 'ms'),
    ('pull', 'pull into an empty store, its registry included', 'ms'),
    ('start', 'start of a container', 'ms'),
    ('manifests', 'registry: a manifest GET', 'µs'),
    ('get', 'registry: a GiB of blob GET', 'ms'),
    ('put', 'registry: a GiB of blob PUT', 'ms'),
]


def read_results(path):
    """{row: {tool: [values]}}; an empty list where it failed."""
    results = {}
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            row, tool, value = line.rstrip('\n').split('\t')
            tools = results.setdefault(row, {})
            if value == 'failed':
                tools[tool] = []
            else:
                tools.setdefault(tool, []).append(float(value))
    return results


def medians_of(results):
    """{row: {tool: median}}; None where it failed."""
    medians = {row: {tool: statistics.median(v) if v else None for tool, v in tools.items()}
               for row, tools in results.items()}
    for suffix in '', '.cpu':
        cold, push = medians.get('build_cold' + suffix, {}), medians.get('push' + suffix, {})
        both = {tool: cold[tool] + push[tool] for tool in cold if cold[tool] and push.get(tool)}
        if both:
            medians['build_push' + suffix] = both
    return medians


def text_of(value, unit):
    if value is None:
        return 'failed'
    if unit == 'ms' and value >= 1000:
        return f'{value / 1000:.2f} s'
    digits = 1 if value < 100 else 0
    if unit == 'µs':
        value *= 1000
    if unit == '/s':
        return f'{value:,.0f}/s'
    return f'{value:.{digits}f} {unit}'


def ratio_of(tools, better):
    """How many times knarr is better than the best peer; under 1 it is worse."""
    ours = tools.get('knarr')
    peers = [tools[p] for p in PEERS if tools.get(p)]
    if not ours or not peers:
        return None
    return min(peers) / ours if better == LESS else ours / max(peers)


def ratio_text(ratio):
    if ratio is None:
        return '—'
    return f'{ratio:.0f}×' if ratio >= 10 else f'{ratio:.1f}×' if ratio >= 1 else f'{ratio:.2f}×'


def print_table(title, columns, rows, medians):
    heads = [title, *(c.replace('-', ' ') if c == 'by-hand' else c for c in columns), 'ratio']
    print('| ' + ' | '.join(heads) + ' |')
    print('|---|' + '--:|' * (len(heads) - 1))
    for key, label, unit, better in rows:
        tools = medians.get(key)
        if not tools:
            continue
        cells = [text_of(tools[c], unit) if c in tools else '—' for c in columns]
        print(f'| {label} | ' + ' | '.join(cells) + f' | {ratio_text(ratio_of(tools, better))} |')
    print()


def print_tables(medians):
    print_table('', COLUMNS, ROWS, medians)
    costs = [(key + '.cpu', label, unit, LESS) for key, label, unit in COSTS]
    if any(key in medians for key, *_ in costs):
        print_table('CPU time', COLUMNS, costs, medians)


def write_json(path, results, medians, machine):
    rows = [{'row': key, 'label': label, 'unit': unit, 'better': better, 'runs': results.get(key, {}),
             'median': medians[key], 'cpu_ms': medians.get(key + '.cpu', {}),
             'ratio': ratio_of(medians[key], better)}
            for key, label, unit, better in ROWS if key in medians]
    with open(path, 'w', encoding='utf-8') as out:
        json.dump({'about': machine, 'rows': rows}, out, indent=1)
        out.write('\n')


def main():
    options = argparse.ArgumentParser()
    options.add_argument('results')
    options.add_argument('machine')
    options.add_argument('--json')
    options = options.parse_args()
    with open(options.machine, encoding='utf-8') as lines:
        machine = dict(line.rstrip('\n').split('\t', 1) for line in lines)
    results = read_results(options.results)
    medians = medians_of(results)
    print_tables(medians)
    for word, text in machine.items():
        print(f'* {word}: {text}')
    if options.json:
        write_json(options.json, results, medians, machine)
    return any(tools.get('knarr', 0) is None for tools in medians.values())


if __name__ == '__main__':
    sys.exit(main())
