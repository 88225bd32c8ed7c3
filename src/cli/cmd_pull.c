#include "cli/cmd_list.h"

#include "cli/image_files.h"
#include "json/json.h"
#include "local/local.h"
#include "local/rootfs.h"

static int answer(struct session *s, const struct image_ref *ref, const struct digest *top,
	const struct digest *manifest, struct err *err)
{
	CLEANUP(buf_done) struct buf b = BUF(4096), name = BUF(1024);
	char text[DIGEST_TEXT];
	image_ref_add(&name, ref);
	if (cmd_is_json(s->g)) {
		struct json_out o;
		json_out_init(&o, &b, 0);
		json_object(&o);
		json_key(&o, "name");
		json_add_str(&o, buf_str(&name));
		json_key(&o, "digest");
		json_add_cstr(&o, digest_text(top, text));
		json_key(&o, "manifest");
		json_add_cstr(&o, digest_text(manifest, text));
		json_end(&o);
	} else if (s->g->is_quiet) {
		buf_add(&b, buf_str(&name));
	} else {
		buf_fmt(&b, "%s\nDigest: %s", buf_cstr(&name), digest_text(top, text));
	}
	buf_add_ch(&b, '\n');
	return cmd_answer(&b, err);
}

static int unpack(struct session *s, const struct rootfs_spec *spec,
	const struct image_descriptor *manifest, struct err *err)
{
	struct local_documents documents;
	struct rootfs rootfs;
	if (local_read(spec->store, manifest, NULL, &s->arena, &documents, err) < 0)
		return -1;
	return rootfs_prepare(spec, &documents.manifest, &documents.config, &s->arena, &rootfs,
		err);
}

static int pull(struct session *s, const char *name, const struct image_platform *platform,
	bool is_all, struct err *err)
{
	struct rootfs_spec spec = {
		.pool = session_pool(s), .events = session_events(s), .cancel = &s->cancel};
	struct remote *remote;
	struct image_ref ref;
	struct place place;
	struct image_descriptor top, manifest;
	int is_place = place_parse(str_of(name), &s->arena, &place, err);
	if (is_place != 0)
		return is_place < 0
			? -1
			: image_read_place(s, &place, NULL, is_all ? NULL : platform, &top, err);
	if (image_ref_parse(str_of(name), &s->arena, &ref, err) < 0 ||
		session_store(s, &spec.store, err) < 0 || session_remote(s, &remote, err) < 0)
		return -1;
	image_ref_default_tag(&ref);
	struct remote_pull p = {
		.store = spec.store,
		.name = &ref,
		.platform = platform,
		.is_all_platforms = is_all,
		.on_layer = is_all ? NULL : rootfs_on_layer,
		.ctx = &spec,
	};
	if (remote_pull(remote, &p, &s->arena, &top, &manifest, err) < 0)
		return -1;
	if (!is_all && unpack(s, &spec, &manifest, err) < 0)
		return -1;
	return answer(s, &ref, &top.digest, &manifest.digest, err);
}

int cmd_pull(const struct cmd *self, struct cmd_globals *g, int argc, char **argv)
{
	struct err err = {0};
	const char *platform = NULL;
	bool is_all = false;
	struct image_platform want;
	CLEANUP(session_done) struct session s = {0};
	CLEANUP(cstr_vec_done) struct cstr_vec args = {0};
	const struct opt own[] = {
		{"platform", 0, OPT_TEXT, &platform, "OS/ARCH", "take this platform from an index"},
		{"all-platforms", 0, OPT_FLAG, &is_all, NULL,
			"keep the whole index, unpack nothing"},
	};
	int rc = cmd_parse(self, g, own, ARRAY_LEN(own), OPT_ANYWHERE, argc, argv, 1, -1, &args,
		&err);
	if (rc == 0)
		rc = session_init(&s, g, &err);
	if (rc == 0 && platform)
		rc = image_platform_parse(str_of(platform), &s.arena, &want, &err);
	for (size_t i = 0; rc == 0 && i < args.n; i++)
		rc = pull(&s, args.p[i], platform ? &want : NULL, is_all, &err);
	return rc < 0 ? exit_with(&err) : EXIT_OK;
}
