// Real brokers that want to know who one is: each way in, by library and by command, and what is said to who does not get in.

import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkTopics, kafkaClient } from '../../../src/local/event-source/kafka-client.ts'
import { type KafkaSasl, type KafkaTls, loginOf } from '../../../src/local/event-source/kafka-login.ts'
import { inProcess } from '../../cli/in-process.ts'
import { account, noKafka, PASSWORD, type Secured, startSecured, token, USER, unsigned } from './secured-kafka.ts'

let secured: Secured
describe.skipIf(noKafka)('logging in at real Kafka', () => {
  beforeAll(async () => {
    secured = await startSecured()
  })
  afterAll(() => secured?.kafka.stop())

  const enter = async (brokers: string, tls?: boolean | KafkaTls, sasl?: KafkaSasl): Promise<string> => {
    const client = kafkaClient({ brokers: [brokers], ...loginOf(tls, sasl) })
    try {
      await checkTopics(client, [])
      return 'in'
    } catch (error) {
      return error instanceof Error && 'code' in error ? `${String(error.code)}: ${error.message}` : String(error)
    } finally {
      client.cut()
    }
  }
  const trusting = (): KafkaTls => ({ ca: secured.pem.ca })

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('by %s, with TLS and without', async (mechanism) => {
    expect(await enter(secured.at.saslPlaintext, undefined, account(mechanism))).toBe('in')
    expect(await enter(secured.at.saslSsl, trusting(), account(mechanism))).toBe('in')
  })

  it('by oauthbearer, with TLS and without', async () => {
    expect(await enter(secured.at.saslPlaintext, undefined, token())).toBe('in')
    expect(await enter(secured.at.saslSsl, trusting(), token())).toBe('in')
  })

  it('by TLS alone, and with a certificate of its own', async () => {
    expect(await enter(secured.at.ssl, trusting())).toBe('in')
    expect(await enter(secured.at.mtls, secured.pem)).toBe('in')
  })

  type Attempt = readonly [string, () => Promise<string>, readonly string[]]
  const attempts: readonly Attempt[] = [
    [
      'a wrong password, by PLAIN',
      () => enter(secured.at.saslPlaintext, undefined, account('plain', 'wrong-4711')),
      [`BROKER_REFUSED: Kafka at 127.0.0.1:`, `user "${USER}" cannot log in by plain`, 'Name or password are wrong'],
    ],
    [
      'a wrong password, by SCRAM',
      () => enter(secured.at.saslSsl, trusting(), account('scram-sha-512', 'wrong-4711')),
      [`user "${USER}" cannot log in by scram-sha-512`, 'invalid credentials', 'KAFKA_PASSWORD or --password-file'],
    ],
    [
      'an unknown user',
      () => enter(secured.at.saslPlaintext, undefined, account('scram-sha-256', PASSWORD, 'nobody')),
      ['user "nobody" cannot log in by scram-sha-256'],
    ],
    [
      'an unknown authority',
      () => enter(secured.at.saslSsl, true, account('plain')),
      [
        'its certificate is not signed by an authority that is trusted here',
        '--tls-ca (KAFKA_TLS_CA; `tls: { ca }` of run)',
      ],
    ],
    [
      'no certificate where one is wanted',
      () => enter(secured.at.mtls, trusting()),
      ['it does not take the certificate of this client, or wants one', '--tls-cert and --tls-key'],
    ],
    [
      'a certificate that is none',
      () => enter(secured.at.mtls, { ...secured.pem, cert: 'none' }),
      ['INVALID_OPTION: TLS to Kafka: certificate, key or authority cannot be read'],
    ],
    ['no TLS at a port of TLS', () => enter(secured.at.ssl), ['speaks TLS. Say --tls or KAFKA_TLS=1']],
    [
      'a login without TLS at a port of TLS',
      () => enter(secured.at.saslSsl, undefined, account('plain')),
      ['speaks TLS. Say --tls'],
    ],
    ['TLS at a plain port', () => enter(secured.kafka.bootstrap, trusting()), ['speaks no TLS. Leave out --tls']],
    [
      'no login where one is wanted',
      () => enter(secured.at.saslPlaintext),
      ['wants a login by PLAIN, SCRAM-SHA-512, SCRAM-SHA-256, OAUTHBEARER. Say --sasl with --user'],
    ],
    [
      'a login where nobody logs in',
      () => enter(secured.kafka.bootstrap, undefined, account('plain')),
      ['asks nobody to log in. Leave out --sasl'],
    ],
    [
      'a token that has expired',
      () => enter(secured.at.saslSsl, trusting(), token(-60)),
      ['the token is refused: the token expired at 20', 'Get a new one: --token-command'],
    ],
    [
      'a token that the broker cannot read',
      () => enter(secured.at.saslSsl, trusting(), { mechanism: 'oauthbearer', token: async () => 'abc' }),
      ['the token is refused: {"status":"invalid_token"}'],
    ],
    [
      'no token',
      () =>
        enter(secured.at.saslSsl, trusting(), {
          mechanism: 'oauthbearer',
          token: async () => {
            throw new Error('the vault is sealed')
          },
        }),
      ['there is no token (Error: the vault is sealed)'],
    ],
  ]
  it.each(attempts)('says what is wrong: %s', async (_, attempt, parts) => {
    const answer = await attempt()
    for (const part of parts) expect(answer).toContain(part)
    for (const secret of [PASSWORD, 'wrong-4711', 'PRIVATE KEY']) expect(answer).not.toContain(secret)
  })

  it('names the mechanisms that there are to who asks for another', async () => {
    const brokers = [secured.at.saslPlaintext]
    const authenticationProvider = () => ({ authenticate: async () => {} })
    const client = kafkaClient({ brokers, sasl: { mechanism: 'GSSAPI', authenticationProvider } })
    await expect(checkTopics(client, [])).rejects.toThrow('has no login by GSSAPI, only by PLAIN, SCRAM-SHA-512')
    client.cut()
  })

  describe('by command', () => {
    const tls = () => ({ KAFKA_TLS_CA: secured.at.ca })
    const ways: readonly (readonly [string, () => Record<string, string>])[] = [
      ['PLAIN', () => ({ KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_USERNAME: USER, KAFKA_PASSWORD: PASSWORD })],
      ['SCRAM', () => ({ KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_USERNAME: USER, KAFKA_PASSWORD: PASSWORD })],
      ['a token', () => ({ KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_TOKEN: unsigned(3600) })],
      [
        "a command's token",
        () => ({ KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_TOKEN_COMMAND: `echo ${unsigned(3600)}` }),
      ],
    ]
    it.each(ways)('topics, produce, consume and groups by %s', async (way, variables) => {
      const millrace = (args: readonly string[], input?: string) =>
        inProcess(args, { KAFKA_BROKERS: secured.at.saslSsl, ...tls(), ...variables() }, input)
      const topic = `by-${way.replace(/\W/g, '-')}`
      expect(await millrace(['topics', 'create', topic])).toMatchObject({ code: 0 })
      expect(await millrace(['produce', topic], 'a\nb\n')).toMatchObject({ code: 0 })
      expect((await millrace(['consume', topic])).stdout).toBe('a\nb\n')
      expect((await millrace(['groups', 'list'])).code).toBe(0)
    })

    it('by a certificate', async () => {
      const { mtls, ca, cert, key } = secured.at
      const listed = await inProcess(
        ['topics', 'list', '--brokers', mtls, '--tls-ca', ca, '--tls-cert', cert, '--tls-key', key],
        {},
      )
      expect(listed).toMatchObject({ code: 0 })
    })

    it('by a token of an endpoint', async () => {
      const server = createServer((_, response) => {
        response.end(JSON.stringify({ access_token: unsigned(3600), token_type: 'Bearer', expires_in: 3600 }))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const address = server.address()
      const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/token`
      const args = ['topics', 'list', '--brokers', secured.at.saslPlaintext, '--sasl', 'oauthbearer']
      const listed = await inProcess([...args, '--token-endpoint', endpoint, '--user', 'shop'], { KAFKA_PASSWORD: 's' })
      server.close()
      expect(listed).toMatchObject({ code: 0 })
    })

    it('a wrong password is no secret that is told, and ends with 1', async () => {
      const args = ['topics', 'list', '--brokers', secured.at.saslPlaintext, '--sasl', 'plain', '--user', USER]
      const { code, stdout, stderr } = await inProcess(args, { KAFKA_PASSWORD: 'wrong-4711' })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain('BROKER_REFUSED')
      expect(stderr).not.toContain('wrong-4711')
    })
  })
})
