"""MCP gateway: passes price questions on to the providers it knows."""
import http.client
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = '0.2.0'
PORT = 8080
PROVIDER = os.environ.get('BINANCE_PROVIDER', 'binance-provider:8081')


def ask(host, path):
    connection = http.client.HTTPConnection(host, timeout=2)
    try:
        connection.request('GET', path)
        return connection.getresponse().read()
    finally:
        connection.close()


class Gateway(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/health':
            return self.answer(200, json.dumps({'status': 'healthy', 'version': VERSION}).encode())
        if self.path.startswith('/price/'):
            try:
                return self.answer(200, ask(PROVIDER, self.path))
            except OSError as error:
                return self.answer(502, json.dumps({'error': str(error)}).encode())
        return self.answer(404, b'{"error": "not found"}')

    def answer(self, status, body):
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    if sys.argv[1:] == ['--version']:
        print('mcp-gateway', VERSION)
    elif sys.argv[1:] == ['--probe']:
        return 0 if b'healthy' in ask(f'127.0.0.1:{PORT}', '/health') else 1
    else:
        ThreadingHTTPServer(('', PORT), Gateway).serve_forever()
    return 0


if __name__ == '__main__':
    sys.exit(main())
