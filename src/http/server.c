#include "http/server_priv.h"

#include "base/num.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>

static unsigned count_processors(void)
{
	cpu_set_t set;
	return sched_getaffinity(0, sizeof(set), &set) < 0 ? 2 : (unsigned)CPU_COUNT(&set);
}

/* Connections are files: the default of 1024 would end far below HTTP_MAX_CONNECTIONS. */
static void raise_file_limit(unsigned n_connections)
{
	struct rlimit l;
	rlim_t want = 2 * (rlim_t)n_connections;
	if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur >= want)
		return;
	l.rlim_cur = want < l.rlim_max ? want : l.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &l); /* fewer connections then */
}

static void server_free(struct http_server *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->n_loops; i++)
		http_loop_join(&s->loops[i]);
	for (unsigned i = 0; i < s->n_loops; i++)
		http_loop_done(&s->loops[i]);
	http_transfers_free(s->transfers);
	fd_close(s->listen_fd);
	http_tls_context_free(s->tls);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->gone);
	free(s->loops);
	free(s);
}

static int64_t or_default(int64_t v, int64_t if_zero)
{
	return v ? v : if_zero;
}

static void fill_in(struct http_server *s)
{
	struct http_server_spec *p = &s->spec;
	p->listen = p->tls_cert_file = p->tls_key_file = NULL; /* not ours to keep */
	p->idle_ns = or_default(p->idle_ns, 60 * CLOCK_SECOND);
	p->head_ns = or_default(p->head_ns, 20 * CLOCK_SECOND);
	p->stall_ns = or_default(p->stall_ns, 60 * CLOCK_SECOND);
	if (!p->max_connections)
		p->max_connections = HTTP_MAX_CONNECTIONS;
	uint64_t shortest =
		num_min((uint64_t)p->idle_ns, num_min((uint64_t)p->head_ns, (uint64_t)p->stall_ns));
	s->tick_ms = (int)num_max(num_min(shortest / CLOCK_MS, 1000), 1);
}

static struct http_server *server_new(const struct http_server_spec *spec)
{
	struct http_server *s = NEW(struct http_server);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->gone, &attr);
	pthread_condattr_destroy(&attr);
	s->spec = *spec;
	fill_in(s);
	s->listen_fd = -1;
	s->n_loops = spec->n_threads ? spec->n_threads : count_processors();
	s->loops = mem_new(s->n_loops, sizeof(*s->loops));
	s->transfers = http_transfers_new(s);
	return s;
}

static int server_open(struct http_server *s, const struct http_server_spec *spec, struct err *err)
{
	if (!spec->tls_cert_file != !spec->tls_key_file)
		return err_set(err, ERR_INPUT, "tls needs both a certificate and a key");
	if (spec->tls_cert_file &&
		http_tls_context(spec->tls_cert_file, spec->tls_key_file, &s->tls, err) < 0)
		return -1;
	if (http_listen_on(spec->listen, &s->listen_fd, &s->port, err) < 0)
		return -1;
	raise_file_limit(s->spec.max_connections);
	for (unsigned i = 0; i < s->n_loops; i++)
		if (http_loop_start(&s->loops[i], s, err) < 0)
			return -1;
	return 0;
}

int http_server_start(const struct http_server_spec *spec, struct http_server **ret,
	struct err *err)
{
	struct http_server *s = server_new(spec);
	if (server_open(s, spec, err) < 0) {
		http_server_stop(s, 0);
		return -1;
	}
	*ret = s;
	return 0;
}

uint16_t http_server_port(const struct http_server *s)
{
	return s->port;
}

static void wake_all(struct http_server *s)
{
	for (unsigned i = 0; i < s->n_loops; i++)
		if (s->loops[i].is_running)
			http_loop_wake(&s->loops[i]);
}

static void wait_until_gone(struct http_server *s, int64_t grace_ns)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + grace_ns % CLOCK_SECOND;
	until.tv_sec += grace_ns / CLOCK_SECOND + ns / CLOCK_SECOND;
	until.tv_nsec = ns % CLOCK_SECOND;
	pthread_mutex_lock(&s->lock);
	while (atomic_load(&s->n_conns))
		if (pthread_cond_timedwait(&s->gone, &s->lock, &until) == ETIMEDOUT)
			break;
	pthread_mutex_unlock(&s->lock);
}

void http_server_stop(struct http_server *s, int64_t grace_ns)
{
	if (!s)
		return;
	if (s->listen_fd >= 0)
		shutdown(s->listen_fd, SHUT_RD); /* refuses newcomers from now on */
	atomic_store(&s->is_stopping, true);
	wake_all(s);
	if (grace_ns > 0)
		wait_until_gone(s, grace_ns);
	atomic_store(&s->is_killing, true);
	wake_all(s);
	server_free(s);
}
