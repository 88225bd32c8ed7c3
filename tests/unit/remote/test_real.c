/* Against Debian's docker-registry and skopeo, where they are installed. */
#include "rig.h"

#include <sys/wait.h>

struct real {
	struct rig *g;
	pid_t pid;
	char host[32], folder[128];
};

static int run(const char *const *argv)
{
	int status;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static unsigned free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static bool answers(const struct real *x)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	a.sin_port = htons((uint16_t)strtoul(strchr(x->host, ':') + 1, NULL, 10));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
	close(fd);
	return ok;
}

/* False when there is no such program. */
static bool start_registry(struct real *x)
{
	struct err err = {0};
	char config[200];
	snprintf(x->host, sizeof(x->host), "127.0.0.1:%u", free_port());
	snprintf(x->folder, sizeof(x->folder), "%s/registry", x->g->t.path);
	assert_int_equal(mkdir(x->folder, 0700), 0);
	snprintf(config, sizeof(config), "%s/config.yml", x->folder);
	struct str text = arena_fmt(&x->g->a,
		"version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
		"storage: {filesystem: {rootdirectory: %s/data}, delete: {enabled: true}}\n"
		"http: {addr: '%s'}\n",
		x->folder, x->host);
	OK(fs_write_file(AT_FDCWD, config, text, 0600, FS_NO_SYNC, &err));
	fflush(NULL);
	x->pid = fork();
	if (x->pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(null, 1);
		dup2(null, 2);
		execlp("docker-registry", "docker-registry", "serve", config, NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000; i++) {
		struct timespec tick = {.tv_nsec = 10 * 1000 * 1000};
		int status;
		if (answers(x))
			return true;
		if (waitpid(x->pid, &status, WNOHANG) == x->pid)
			break;
		nanosleep(&tick, NULL);
	}
	x->pid = 0;
	return false;
}

static void stop_registry(struct real *x)
{
	int status;
	if (!x->pid)
		return;
	kill(x->pid, SIGKILL);
	waitpid(x->pid, &status, 0);
}

static struct image_ref name_at(struct real *x, const char *rest)
{
	struct image_ref r;
	struct err err = {0};
	OK(image_ref_parse(arena_fmt(&x->g->a, "%s/%s", x->host, rest), &x->g->a, &r, &err));
	return r;
}

static void docker_registry_push_pull_mount_tags_delete(void **state)
{
	struct real x = {.g = *state};
	struct rig *g = x.g;
	struct err err = {0};
	if (!start_registry(&x))
		skip();
	/* from the fake one, so that there is an image in the store */
	make_image(g, &g->f, "me/app", "v1");
	OK(pull(g, "me/app:v1", &err));
	struct image_ref names[] = {name_at(&x, "me/app:v1"), name_at(&x, "me/app:latest")};
	struct remote_push p = {
		.store = g->t.s, .what = {.digest = g->manifest}, .names = names, .n_names = 2};
	OK(remote_push(g->r, &p, &err));
	p.chunk_bytes = 300 * 1000;
	struct image_ref chunked = name_at(&x, "me/chunked:v1");
	p.names = &chunked;
	p.n_names = 1;
	OK(remote_push(g->r, &p, &err));
	/* somebody else's eyes */
	const char *const inspect[] = {"skopeo", "inspect", "--tls-verify=false", "--format",
		"{{.Digest}}", arena_fmt(&g->a, "docker://%s/me/chunked:v1", x.host).p, NULL};
	int seen = run(inspect);
	assert_true(seen == 0 || seen == 127);
	/* into an empty store */
	open_again(&g->t);
	OK(tag_remove(g->t.s, arena_fmt(&g->a, "local:%s/me/app", g->host), S("v1"), &err));
	assert_int_equal(collect(&g->t).n_kept_blobs, 0);
	OK(pull_as(g, names[1], &err));
	OK(blob_verify(g->t.s, &g->layers[1], &err));
	/* mounted: the registry holds one copy, our log would show no PATCH */
	struct image_ref other = name_at(&x, "me/other:v1");
	p = (struct remote_push){
		.store = g->t.s, .what = {.digest = g->manifest}, .names = &other, .n_names = 1};
	OK(remote_push(g->r, &p, &err));
	struct image_ref copied = name_at(&x, "you/copied:v1");
	OK(remote_copy(g->r, &other, &copied, NULL, false, g->t.s, NULL, &g->a, &err));
	struct str *tags;
	size_t n;
	OK(remote_tags(g->r, &names[0], &g->a, &tags, &n, &err));
	assert_int_equal(n, 2);
	STR_IS(tags[0], "latest");
	copied.tag = STR_NONE;
	copied.digest = g->manifest;
	OK(remote_delete(g->r, &copied, &err));
	struct image_descriptor d;
	FAILS(ERR_NOT_FOUND, remote_resolve(g->r, &copied, &d, &g->a, &err));
	FAILS(ERR_NOT_FOUND, remote_delete(g->r, &copied, &err));
	remote_free(TAKE(g->r));
	stop_registry(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(docker_registry_push_pull_mount_tags_delete),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
