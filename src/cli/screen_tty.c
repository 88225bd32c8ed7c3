/* The terminal: what has ended scrolls away above, what runs is drawn below and redrawn.
 *
 *	✓ [build 2/7] RUN apt-get update …                         3.2s
 *	⠿ [build 5/7] RUN make                                     0.8s
 *	  cc -std=gnu17 -O2 …
 *
 * The lines below are erased before anything is printed and drawn again after.
 */
#include "screen_priv.h"

#include "base/num.h"

#include <sys/ioctl.h>

enum { REDRAW_MS = 100, DRAWN_MAX = 16 };

static unsigned width(void)
{
	struct winsize w;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_col < 20)
		return 80;
	return w.ws_col < 200 ? w.ws_col : 200;
}

static void erase(struct screen *s, struct buf *b)
{
	if (s->n_drawn)
		buf_fmt(b, "\033[%uA\033[J", s->n_drawn);
	s->n_drawn = 0;
}

/* Text cut to n columns (a code point counts as one) and padded. */
static void add_cell(struct buf *b, struct str text, unsigned n)
{
	CLEANUP(buf_done) struct buf clean = BUF(SCREEN_LINE_MAX);
	screen_add_clean(&clean, str_sub(text, 0, 1024));
	unsigned columns = 0;
	for (size_t i = 0; i < clean.n; i++) {
		bool starts = ((unsigned char)clean.p[i] & 0xc0) != 0x80;
		if (starts && columns == n)
			break;
		columns += starts;
		buf_add_ch(b, clean.p[i] == '\t' ? ' ' : clean.p[i]);
	}
	for (; columns < n; columns++)
		buf_add_ch(b, ' ');
}

static void add_line(struct buf *b, const char *mark, const char *title, const char *right)
{
	unsigned columns = width(), n_right = (unsigned)strlen(right);
	buf_fmt(b, "%s ", mark);
	add_cell(b, str_of(title), columns > n_right + 4 ? columns - n_right - 4 : 10);
	buf_fmt(b, " %s\n", right);
}

static void draw_node(struct screen *s, struct buf *b, const struct screen_node *n)
{
	char right[120], took[CLOCK_TEXT], done[24], total[24];
	clock_human_duration(screen_now(s) - n->begun_ns, took);
	num_human_bytes(n->done, done, sizeof(done));
	num_human_bytes(n->total, total, sizeof(total));
	if (n->total)
		snprintf(right, sizeof(right), "%s / %s %8s", done, total, took);
	else if (n->done)
		snprintf(right, sizeof(right), "%s %8s", done, took);
	else
		snprintf(right, sizeof(right), "%8s", took);
	add_line(b, "\033[36m>\033[0m", n->title, right);
	s->n_drawn++;
	struct str tail = str_trim_right(buf_str(&n->line));
	if (tail.n && s->n_drawn < DRAWN_MAX) {
		buf_add(b, S("\033[2m    "));
		add_cell(b, tail, width() - 6);
		buf_add(b, S("\033[0m\n"));
		s->n_drawn++;
	}
}

static void draw(struct screen *s, struct buf *b)
{
	MAP_EACH(&s->nodes, e) {
		if (s->n_drawn + 1 >= DRAWN_MAX)
			break;
		draw_node(s, b, e->value);
	}
}

static void keep_last_line(struct screen_node *n, struct str text)
{
	struct str rest = text, line;
	while (str_line(&rest, &line)) {
		bool is_whole = rest.p != NULL || str_ends(text, S("\n"));
		if (str_trim(line).n) {
			buf_clear(&n->line);
			buf_add(&n->line, str_sub(line, 0, SCREEN_TAIL_MAX));
		}
		if (!is_whole)
			break;
	}
}

static void add_end(const struct screen *s, struct buf *b, const struct event *e,
	const struct screen_node *n)
{
	static const char *const marks[] = {"\033[32m\xe2\x9c\x93\033[0m", "\033[34m=\033[0m",
		"\033[2m-\033[0m", "\033[31m\xe2\x9c\x97\033[0m", "\033[33m!\033[0m"};
	char took[CLOCK_TEXT];
	clock_human_duration(screen_now(s) - n->begun_ns, took);
	add_line(b, marks[e->result], n->title,
		e->result == EVENT_CACHED            ? "cached"
			: e->result == EVENT_SKIPPED ? "skipped"
						     : took);
	if (e->result == EVENT_FAILED && e->text.n) {
		buf_add(b, S("    "));
		screen_add_clean(b, e->text);
		buf_add_ch(b, '\n');
	}
}

static void add_note(struct buf *b, const struct event *e)
{
	static const char *const colors[] = {"2", "0", "33", "31"};
	if (e->level == EVENT_DEBUG)
		return;
	buf_fmt(b, "\033[%sm", colors[e->level]);
	if (e->level != EVENT_NOTICE)
		buf_fmt(b, "%s: ", event_level_name(e->level));
	if (e->at && e->at->line)
		buf_fmt(b, "%s:%u:%u: ", e->at->file, e->at->line, e->at->col);
	screen_add_clean(b, e->text);
	buf_add(b, S("\033[0m\n"));
}

void screen_tty_event(struct screen *s, const struct event *e, struct screen_node *n)
{
	CLEANUP(buf_done) struct buf b = BUF(4 * SCREEN_LINE_MAX);
	if (e->kind == EVENT_PROGRESS)
		return; /* the ticker draws it */
	if (e->kind == EVENT_OUTPUT) {
		if (n)
			keep_last_line(n, e->text);
		return;
	}
	erase(s, &b);
	if (e->kind == EVENT_NOTE)
		add_note(&b, e);
	if (e->kind == EVENT_END && n) {
		add_end(s, &b, e, n);
		n->title[0] = '\0'; /* not drawn again: it is removed after this */
		buf_clear(&n->line);
	}
	screen_write(s, &b);
}

static void *tick(void *arg)
{
	struct screen *s = arg;
	pthread_mutex_lock(&s->lock);
	while (!s->is_ending) {
		CLEANUP(buf_done) struct buf b = BUF(4 * SCREEN_LINE_MAX);
		struct timespec until;
		erase(s, &b);
		draw(s, &b);
		screen_write(s, &b);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += REDRAW_MS * CLOCK_MS;
		until.tv_sec += until.tv_nsec / CLOCK_SECOND;
		until.tv_nsec %= CLOCK_SECOND;
		pthread_cond_timedwait(&s->wake, &s->lock, &until);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

void screen_tty_start(struct screen *s)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	s->has_ticker = pthread_create(&s->ticker, NULL, tick, s) == 0;
}

void screen_tty_stop(struct screen *s)
{
	CLEANUP(buf_done) struct buf b = BUF(1024);
	pthread_mutex_lock(&s->lock);
	s->is_ending = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (s->has_ticker)
		pthread_join(s->ticker, NULL);
	erase(s, &b);
	screen_write(s, &b);
	pthread_cond_destroy(&s->wake);
}
