/* A store, a fake registry and a remote that speaks to it. */
#ifndef REMOTE_RIG_H
#define REMOTE_RIG_H

#include "fake_registry.h"

struct rig {
	struct temp_store t;
	struct fake f, f2;
	struct remote *r;
	struct arena a;
	char config[128]; /* docker config file; there is none at first */
	char host[32];    /* "127.0.0.1:port" */
	struct digest layers[3], config_digest, manifest;
	struct str layer_bytes[3];
	struct remote_registry registry;
	const char *mirrors[2];
};

/* What we change in the fakes comes after what they did, and before what they do (for the thread
 * sanitizer; the requests in between order it anyway). */
static inline void settle(struct rig *g)
{
	struct fake *fakes[] = {&g->f, &g->f2};
	for (size_t i = 0; i < ARRAY_LEN(fakes); i++) {
		pthread_mutex_lock(&fakes[i]->mutex);
		pthread_mutex_unlock(&fakes[i]->mutex);
	}
}

static inline void new_remote(struct rig *g)
{
	struct err err = {0};
	settle(g);
	struct remote_spec spec = {.registries = &g->registry,
		.n_registries = g->registry.prefix != NULL,
		.docker_config = g->config,
		.retry_ns = 1000 * 1000};
	remote_free(g->r);
	OK(remote_new(&spec, &g->r, &err));
}

static inline int rig_up(void **state)
{
	struct rig *g = NEW(struct rig);
	void *t;
	if (set_up(&t) != 0)
		return -1;
	g->t = *(struct temp_store *)t;
	free(t);
	fake_start(&g->f);
	fake_start(&g->f2);
	snprintf(g->config, sizeof(g->config), "%s/docker.json", g->t.path);
	snprintf(g->host, sizeof(g->host), "127.0.0.1:%u", g->f.port);
	new_remote(g);
	*state = g;
	return 0;
}

static inline int rig_down(void **state)
{
	struct rig *g = *state;
	struct temp_store *t = NEW(struct temp_store);
	remote_free(g->r);
	fake_stop(&g->f);
	fake_stop(&g->f2);
	arena_done(&g->a);
	*t = g->t;
	void *p = t;
	free(g);
	return tear_down(&p);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_up, rig_down)

/* "127.0.0.1:port/rest" */
static inline struct image_ref ref(struct rig *g, const char *rest)
{
	struct image_ref r;
	struct err err = {0};
	OK(image_ref_parse(arena_fmt(&g->a, "%s/%s", g->host, rest), &g->a, &r, &err));
	return r;
}

static inline struct str descriptor(struct rig *g, const char *type, const struct digest *d,
	size_t n)
{
	char text[DIGEST_TEXT];
	return arena_fmt(&g->a, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}", type,
		digest_text(d, text), n);
}

static inline struct str config_for(struct rig *g, const char *platform)
{
	struct image_platform p;
	struct err err = {0};
	OK(image_platform_parse(str_of(platform), &g->a, &p, &err));
	return arena_fmt(&g->a,
		"{\"architecture\":\"%.*s\",\"os\":\"%.*s\",\"rootfs\":{\"type\":\"layers\","
		"\"diff_ids\":[]}}",
		STR_ARG(p.architecture), STR_ARG(p.os));
}

/* An image of three layers; layer 1 is a megabyte. */
static inline void make_image(struct rig *g, struct fake *f, const char *repo, const char *tag)
{
	static char big[1000 * 1000];
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 2654435761u >> 16);
	g->layer_bytes[0] = S("layer zero");
	g->layer_bytes[1] = str_n(big, sizeof(big));
	g->layer_bytes[2] = S("layer two");
	struct str layers = S("");
	for (int i = 0; i < 3; i++) {
		g->layers[i] = fake_blob(f, repo, g->layer_bytes[i]);
		layers = arena_fmt(&g->a, "%.*s%s%.*s", STR_ARG(layers), i ? "," : "",
			STR_ARG(descriptor(g, MEDIA_OCI_LAYER_GZIP, &g->layers[i],
				g->layer_bytes[i].n)));
	}
	struct str config = config_for(g, "linux");
	g->config_digest = fake_blob(f, repo, config);
	struct str m = arena_fmt(&g->a,
		"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
		"\",\"config\":%.*s,\"layers\":[%.*s]}",
		STR_ARG(descriptor(g, MEDIA_OCI_CONFIG, &g->config_digest, config.n)),
		STR_ARG(layers));
	g->manifest = fake_manifest(f, repo, tag, MEDIA_OCI_MANIFEST, m);
}

static inline int pull_as(struct rig *g, struct image_ref name, struct err *err)
{
	struct remote_pull p = {.store = g->t.s, .name = &name};
	settle(g);
	int rc = remote_pull(g->r, &p, &g->a, NULL, NULL, err);
	settle(g);
	return rc;
}

static inline int pull(struct rig *g, const char *rest, struct err *err)
{
	return pull_as(g, ref(g, rest), err);
}

static inline int push(struct rig *g, const struct digest *what, const char *rest, struct err *err)
{
	struct image_ref name = ref(g, rest);
	struct remote_push p = {
		.store = g->t.s, .what = {.digest = *what}, .names = &name, .n_names = 1};
	settle(g);
	int rc = remote_push(g->r, &p, err);
	settle(g);
	return rc;
}

static inline void write_config(struct rig *g, const char *text)
{
	struct err err = {0};
	settle(g);
	OK(fs_write_file(AT_FDCWD, g->config, str_of(text), 0600, FS_NO_SYNC, &err));
}

static inline struct str read_config(struct rig *g)
{
	CLEANUP(buf_done) struct buf b = BUF(65536);
	struct err err = {0};
	settle(g);
	OK(fs_read_file(AT_FDCWD, g->config, &b, &err));
	return arena_str(&g->a, buf_str(&b));
}

static inline void has_auth(struct rig *g, const char *key, const char *user_and_password)
{
	CLEANUP(buf_done) struct buf b = BUF(1000);
	base64_add(&b, str_of(user_and_password));
	write_config(g,
		arena_fmt(&g->a, "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}", key, buf_cstr(&b)).p);
}

#endif
