#include "image/image_priv.h"

static const char *const layer_types[] = {MEDIA_OCI_LAYER, MEDIA_OCI_LAYER_GZIP,
	MEDIA_OCI_LAYER_ZSTD, MEDIA_DOCKER_LAYER, MEDIA_DOCKER_LAYER_TAR,
	"application/vnd.docker.image.rootfs.diff.tar.zstd",
	"application/vnd.docker.image.rootfs.foreign.diff.tar",
	"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
	"application/vnd.oci.image.layer.nondistributable.v1.tar",
	"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
	"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"};

bool image_media_is_layer(struct str media_type)
{
	for (size_t i = 0; i < ARRAY_LEN(layer_types); i++)
		if (str_is(media_type, layer_types[i]))
			return true;
	return false;
}

bool image_media_is_manifest(struct str media_type)
{
	return str_is(media_type, MEDIA_OCI_MANIFEST) ||
		str_is(media_type, MEDIA_DOCKER_MANIFEST) || image_media_is_index(media_type);
}

bool image_media_is_index(struct str media_type)
{
	return str_is(media_type, MEDIA_OCI_INDEX) || str_is(media_type, MEDIA_DOCKER_INDEX);
}

bool media_is_schema1(struct str media_type)
{
	return str_starts(media_type, S("application/vnd.docker.distribution.manifest.v1+"));
}

static bool is_media_half(struct str s)
{
	enum { HALF_MAX = 127 };
	if (!s.n || s.n > HALF_MAX || !ch_is_alnum(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!ch_is_alnum(s.p[i]) && str_chr(S("!#$&^_.+-"), s.p[i]) < 0)
			return false;
	return true;
}

/* RFC 6838 section 4.2: type "/" subtype. */
bool media_is_well_formed(struct str s)
{
	ssize_t slash = str_chr(s, '/');
	return slash > 0 && is_media_half(str_sub(s, 0, (size_t)slash)) &&
		is_media_half(str_skip(s, (size_t)slash + 1));
}
