# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of a throw-away CA on the loopback: timestamps (RFC 3161), OCSP and CRLs, by the
openssl command line. Each can be made to fail: 'dead', 'slow', 'lying', 'oversized'.

    services = Services(folder)             # listens at once, so that its addresses are known
    services.use(authority_folder, keys)    # the CA that it speaks for
    services.modes['tsa'] = 'slow'
    services.close()
"""

import contextlib
import http.server
import pathlib
import subprocess
import tempfile
import threading

from kit_ca import Authority, Keys, run

KINDS = ('tsa', 'ocsp', 'crl')
MODES = ('dead', 'slow', 'lying', 'oversized')
TYPES = {'tsa': 'application/timestamp-reply', 'ocsp': 'application/ocsp-response',
         'crl': 'application/pkix-crl'}
POLICY = '2.16.704.1.1.1.2'

STAMPER = """[tsa]
serial = {folder}/stamps
crypto_device = builtin
signer_cert = {folder}/stamper.pem
certs = {chain}
signer_key = {key}
signer_digest = sha256
default_policy = {policy}
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
"""


class Office:
    """A CA with its responder and its time stamping authority."""

    def __init__(self, authority, root, issuing, label):
        self.authority, self.root, self.issuing = authority, root, issuing
        self.folder, self.keys = authority.folder, authority.keys
        self.responder = self._make('responder', f'OCSP {label}')
        self.stamper = self._make('stamper', f'Dấu thời gian {label}')
        self.chain = self.folder / 'stamper-chain.pem'
        self.chain.write_text(issuing.read_text())
        (self.folder / 'stamps').write_text('01\n')
        (self.folder / 'stamper.conf').write_text(STAMPER.format(
            folder=self.folder, chain=self.chain, key=self._key('stamper'), policy=POLICY))

    def _key(self, name):
        return self.keys.path(name, 'rsa2048')

    def _make(self, name, common_name):
        return self.authority.sign(name, self._key(name), f'/C=VN/O=Kyso Test/CN={common_name}',
                                   name, (-30, 900), self.issuing)

    def answer(self, kind, path, query):
        with tempfile.TemporaryDirectory() as folder:
            question, answer = pathlib.Path(folder, 'question'), pathlib.Path(folder, 'answer')
            question.write_bytes(query)
            if kind == 'tsa':
                run('openssl', 'ts', '-reply', '-config', self.folder / 'stamper.conf',
                    '-section', 'tsa', '-queryfile', question, '-out', answer)
            elif kind == 'ocsp':
                run('openssl', 'ocsp', '-index', self.folder / 'index', '-CA', self.issuing,
                    '-rsigner', self.responder, '-rkey', self._key('responder'), '-nmin', '60',
                    '-reqin', question, '-respout', answer)
            else:
                issuer = self.root if path.endswith('root.crl') else self.issuing
                self.authority.list_revoked(issuer, answer)
            return answer.read_bytes()


class Services:
    def __init__(self, folder):
        self.folder = folder
        self.modes = dict.fromkeys(KINDS, 'good')
        self.requests = dict.fromkeys(KINDS, 0)
        self.office = self.liar = None
        self._ended = threading.Event()
        self._lock = threading.Lock()  # openssl writes serials and lists
        services = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                services._serve(self, b'')

            def do_POST(self):
                services._serve(self, self.rfile.read(int(self.headers['Content-Length'])))

        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def url(self, path):
        """'tsa', 'ocsp', 'issuing.crl', 'root.crl'"""
        return f'http://127.0.0.1:{self._server.server_port}/{path}'

    def use(self, folder, keys):
        """Speaks for the CA at @folder (tests/kit/softhsm). Lies are signed by another of the same
        names."""
        authority = Authority(folder, keys)
        self.office = Office(authority, folder / 'root.pem', folder / 'issuing.pem', 'thử nghiệm')
        others = Keys(self.folder / 'keys')
        liar = Authority(self.folder / 'liar', others)
        root = liar.sign('root', others.path('root', 'rsa2048'),
                         '/C=VN/O=Kyso Test/CN=Kyso Test Root CA', 'root', (-9000, 9000))
        issuing = liar.sign('issuing', others.path('issuing', 'rsa2048'),
                            '/C=VN/O=Kyso Test/CN=Kyso Test Issuing CA', 'issuing',
                            (-8000, 8000), root)
        # It answers for certificates that are not its own.
        (liar.folder / 'index').write_text((folder / 'index').read_text())
        self.liar = Office(liar, root, issuing, 'giả')

    def set(self, mode, *kinds):
        for kind in kinds or KINDS:
            self.modes[kind] = mode

    def revoke(self, certificate):
        with self._lock:
            self.office.authority.revoke(certificate, self.office.issuing)

    def _serve(self, handler, query):
        kind = 'crl' if handler.path.endswith('.crl') else handler.path.strip('/')
        mode = self.modes[kind]
        self.requests[kind] += 1
        handler.close_connection = True
        if mode == 'dead':
            return
        if mode == 'slow':
            self._ended.wait()
            return
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            handler.send_response(200)
            handler.send_header('Content-Type', TYPES[kind])
            if mode == 'oversized':
                handler.send_header('Content-Length', str(1 << 30))
                handler.end_headers()
                handler.wfile.write(b'0' * 65536)
                return
            with self._lock:
                office = self.liar if mode == 'lying' else self.office
                answer = office.answer(kind, handler.path, query)
            handler.send_header('Content-Length', str(len(answer)))
            handler.end_headers()
            handler.wfile.write(answer)

    def close(self):
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
