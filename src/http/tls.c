#include "http/server_priv.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

/* OpenSSL's words for the newest error of this thread, and forgets the rest. */
static const char *tls_words(char room[256])
{
	unsigned long code = ERR_peek_last_error();
	ERR_clear_error();
	const char *reason = ERR_reason_error_string(code);
	snprintf(room, 256, "%s", reason ? reason : "unknown reason");
	return room;
}

static int choose_protocol(SSL *s, const unsigned char **ret, unsigned char *ret_n,
	const unsigned char *offered, unsigned n_offered, void *ctx)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *found = NULL;
	if (SSL_select_next_proto(&found, ret_n, ours, sizeof(ours) - 1, offered, n_offered) !=
		OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*ret = found;
	return SSL_TLSEXT_ERR_OK;
}

void http_tls_context_free(struct ssl_ctx_st *t)
{
	SSL_CTX_free(t);
}
CLEANUP_PTR(http_tls_context_free, struct ssl_ctx_st);

int http_tls_context(const char *cert_file, const char *key_file, struct ssl_ctx_st **ret,
	struct err *err)
{
	char words[256];
	CLEANUP(http_tls_context_free) SSL_CTX *t = SSL_CTX_new(TLS_server_method());
	if (!t)
		return err_set(err, ERR_SYS, "tls: %s", tls_words(words));
	SSL_CTX_set_min_proto_version(t, TLS1_2_VERSION);
	SSL_CTX_set_options(t,
		SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(t,
		SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
			SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(t, choose_protocol, NULL);
	if (SSL_CTX_use_certificate_chain_file(t, cert_file) != 1)
		return err_set(err, ERR_INPUT, "certificate '%s': %s", cert_file, tls_words(words));
	if (SSL_CTX_use_PrivateKey_file(t, key_file, SSL_FILETYPE_PEM) != 1)
		return err_set(err, ERR_INPUT, "key '%s': %s", key_file, tls_words(words));
	if (SSL_CTX_check_private_key(t) != 1)
		return err_set(err, ERR_INPUT, "key '%s' does not belong to certificate '%s'",
			key_file, cert_file);
	*ret = TAKE(t);
	return 0;
}

struct ssl_st *http_tls_new(struct ssl_ctx_st *t, int fd)
{
	SSL *s = SSL_new(t);
	if (s && SSL_set_fd(s, fd) == 1) {
		SSL_set_accept_state(s);
		return s;
	}
	SSL_free(s);
	ERR_clear_error();
	return NULL;
}

void http_tls_free(struct ssl_st *s, bool says_goodbye)
{
	if (s && says_goodbye)
		SSL_shutdown(s);
	SSL_free(s);
	ERR_clear_error();
}

static ssize_t result(struct conn *c, int rc)
{
	if (rc > 0)
		return rc;
	int why = SSL_get_error(c->tls, rc);
	ERR_clear_error(); /* or the next call on this thread would see it */
	switch (why) {
	case SSL_ERROR_WANT_READ: c->wants = EPOLLIN; return IO_AGAIN;
	case SSL_ERROR_WANT_WRITE: c->wants = EPOLLOUT; return IO_AGAIN;
	case SSL_ERROR_ZERO_RETURN: return 0;
	default: return IO_BROKEN;
	}
}

ssize_t http_tls_read(struct conn *c, void *room, size_t n)
{
	return result(c, SSL_read(c->tls, room, n > INT32_MAX ? INT32_MAX : (int)n));
}

ssize_t http_tls_write(struct conn *c, const void *p, size_t n)
{
	ssize_t rc = result(c, SSL_write(c->tls, p, n > INT32_MAX ? INT32_MAX : (int)n));
	return rc == 0 ? IO_BROKEN : rc;
}
