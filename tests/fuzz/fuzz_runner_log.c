#include "runner/log_priv.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
	struct event_sink sink;
	struct log log;
	struct buf text;
};

static void hear(struct event_sink *sink, const struct event *e)
{
	struct heard *h = (struct heard *)sink;
	assert(e->text.n > 0);
	buf_add(&h->text, e->text);
}

static bool command(void *ctx, struct str line)
{
	struct heard *h = ctx;
	CLEANUP(arena_done) struct arena a = {0};
	struct log_command c;
	if (!log_command_parse(line, S("token"), &a, &c))
		return false;
	assert(log_is_command_name(c.name) || str_eq_nocase(c.name, S("token")));
	assert(c.n_properties <= LOG_PROPERTIES_MAX && c.data.n <= line.n);
	for (size_t i = 0; i < c.n_properties; i++)
		assert(c.properties[i].key.n + c.properties[i].value.n < line.n);
	buf_fmt(&h->text, "\n<%.*s>\n", STR_ARG(c.name));
	return true;
}

static void feed(struct heard *h, struct str text, size_t step)
{
	*h = (struct heard){.sink = {hear}, .text = BUF(16 << 20)};
	log_init(&h->log, &h->sink, S("n"), command, h);
	for (size_t i = 0; i < text.n; i += step)
		log_feed(&h->log, 1, str_sub(text, i, i + step));
	log_end(&h->log);
}

static void done(struct heard *h)
{
	log_done(&h->log);
	buf_done(&h->text);
}

/* What comes in pieces, of the size the first byte says, gives what the whole gives. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole, pieces;
	if (size < 2)
		return 0;
	struct str text = str_n(data + 1, size - 1);
	feed(&whole, text, text.n);
	feed(&pieces, text, (size_t)data[0] % 17 + 1);
	assert(str_eq(buf_str(&whole.text), buf_str(&pieces.text)));
	done(&whole);
	done(&pieces);
	return 0;
}
