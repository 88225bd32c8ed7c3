#!/usr/bin/env python3
"""embed.py FILE OUT.c SYMBOL: a C file that carries the bytes of FILE.

It defines SYMBOL_start and SYMBOL_end, as .incbin does; compiling it takes no time however large
FILE is.
"""
import sys

path, out, symbol = sys.argv[1:]
with open(out, 'w', encoding='utf-8') as f:
    f.write(f'''/* Made by tools/embed.py. */
extern const unsigned char {symbol}_start[], {symbol}_end[];
__asm__(".pushsection .rodata\\n"
	".balign 16\\n"
	".globl {symbol}_start\\n"
	"{symbol}_start:\\n"
	".incbin \\"{path}\\"\\n"
	".globl {symbol}_end\\n"
	"{symbol}_end:\\n"
	".popsection\\n");
''')
