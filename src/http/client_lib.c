#include "http/client_priv.h"

#include <dlfcn.h>

int http_curl_load(struct curl_lib *ret, struct err *err)
{
	/* Never closed: libcurl and OpenSSL leave handlers behind that run at exit. */
	void *lib = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		err_set(err, ERR_SYS, "load libcurl: %s", dlerror());
		return err_hint(err, "install the package libcurl4");
	}
#define CURL_FIND(name)                                                                            \
	if (!(ret->name = (__typeof__(ret->name))dlsym(lib, "curl_" #name)))                       \
		return err_set(err, ERR_SYS, "libcurl lacks '%s'", "curl_" #name);
	CURL_FUNCTIONS(CURL_FIND)
#undef CURL_FIND
	if (ret->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_SYS, "libcurl did not start");
	return 0;
}
