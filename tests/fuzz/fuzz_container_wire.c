#include "container/helper_priv.h"
#include "container/probe_priv.h"
#include "container/sandbox_priv.h"
#include "container/stage_priv.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

union message {
	struct stage_spec stage;
	struct sandbox_spec sandbox;
	struct sandbox_exec step;
	struct helper_report report;
	struct probe probe;
};

static void wire(struct wire *w, union message *m, int kind)
{
	switch (kind) {
	case 0: stage_spec_wire(w, &m->stage); break;
	case 1: sandbox_spec_wire(w, &m->sandbox); break;
	case 2: sandbox_exec_wire(w, &m->step); break;
	case 3: helper_report_wire(w, &m->report); break;
	default: probe_wire(w, &m->probe); break;
	}
}

/* What can be read is written again, read again, and written with the same bytes. (Not those that
 * came in: text may have been longer than its room.) The first byte chooses the message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	int kind = data[0] % 5;
	union message m, again;
	struct err err = {0};
	memset(&m, 0, sizeof(m));
	memset(&again, 0, sizeof(again));
	CLEANUP(arena_done) struct arena a = {0};
	struct wire w = {.in = str_n(data + 1, size - 1), .arena = &a};
	wire(&w, &m, kind);
	if (wire_end(&w, &err) < 0) {
		assert(err.kind == ERR_CORRUPT);
		return 0;
	}
	CLEANUP(buf_done) struct buf first = BUF(WIRE_MAX), second = BUF(WIRE_MAX);
	w = (struct wire){.out = &first};
	wire(&w, &m, kind);
	assert(wire_end(&w, &err) == 0);
	w = (struct wire){.in = buf_str(&first), .arena = &a};
	wire(&w, &again, kind);
	assert(wire_end(&w, &err) == 0);
	w = (struct wire){.out = &second};
	wire(&w, &again, kind);
	assert(wire_end(&w, &err) == 0);
	assert(str_eq(buf_str(&first), buf_str(&second)));
	return 0;
}
