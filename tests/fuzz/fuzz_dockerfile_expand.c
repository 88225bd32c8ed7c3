#include "dockerfile/mode.h"
#include "dockerfile/scope.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two bytes choose how, then values of A and B and the word, each to the next newline. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	CLEANUP(arena_done) struct arena a = {0};
	CLEANUP(vars_done) struct vars v = {.arena = &a};
	CLEANUP(expansion_done) struct expansion x = {0};
	struct str text = str_n(data + 2, size - 2), value = STR_NONE, other = STR_NONE;
	struct expander e = {.escape = data[0] & 1 ? '`' : '\\', .how = data[1] & 15, .vars = &v};
	struct err err = {0};
	(void)str_cut(&text, '\n', &value); /* there is a first part, perhaps not a second */
	(void)str_cut(&text, '\n', &other);
	vars_set(&v, S("A"), value);
	vars_set(&v, S("B"), other);
	vars_set(&v, S("E"), S(""));
	if (expand_word(&e, text, &a, &x, &err) < 0) {
		assert(err.kind == ERR_INPUT || err.kind == ERR_LIMIT);
	} else {
		size_t n = 0;
		for (size_t i = 0; i < x.words.n; i++) {
			assert(x.words.p[i].n > 0);
			n += x.words.p[i].n;
		}
		assert(n <= x.text.n && x.text.n <= EXPAND_MAX_BYTES * 2);
		if (!(e.how & EXPAND_KEEP_UNSET) && str_chr(text, '$') < 0)
			assert(x.text.n <= text.n * 2);
	}
	struct port_range range;
	uint32_t mode;
	int number;
	if (expose_parse(text, &range, &err) == 0)
		assert(range.first <= range.last && range.proto);
	if (mode_change(text, 0644, data[0] & 2, &mode, &err) == 0)
		assert(mode <= 07777);
	if (stop_signal_parse(text, &number, &err) == 0)
		assert(number >= 1 && number <= 64);
	return 0;
}
