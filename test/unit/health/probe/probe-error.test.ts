import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureOf } from '../../../../health/probe/probe-error.ts'

const errorOf = (code: string, message: string): Error => Object.assign(new Error(message), { code })

test('failureOf tells of OpenSSL errors the reason alone, on one line', () => {
  const cases = [
    {
      code: 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
      message:
        '80FB3A7F0F7F0000:error:0A000410:SSL routines:ssl3_read_bytes:ssl/tls alert handshake failure:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:918:SSL alert number 40\n',
      detail: 'ssl/tls alert handshake failure',
    },
    {
      code: 'EPROTO',
      message:
        'write EPROTO 00B2:error:0A000126:SSL routines::unexpected eof while reading:ssl/record/rec_layer_s3.c:701:\n00B2:error:0A000197:SSL routines:SSL_shutdown:shutdown while in init:ssl/ssl_lib.c:2788:\n',
      detail: 'unexpected eof while reading',
    },
    {
      code: 'ERR_SSL_WRONG_VERSION_NUMBER',
      message: '4087:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:ssl/record.c:79:\n',
      detail: 'what listens there does not speak TLS (wrong version number)',
    },
    { code: 'ERR_SSL_X', message: 'two\n  lines\n', detail: 'two lines' },
  ]
  for (const { code, message, detail } of cases) assert.deepEqual(failureOf(errorOf(code, message), false), { failure: 'tls', detail })
})
