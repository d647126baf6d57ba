// How Millrace's AWS clients connect and retry, with the reason for each figure.

import { NodeHttpHandler } from '@smithy/node-http-handler'

export interface AwsClientOptions {
  readonly region?: string
  /** Default: AWS_ENDPOINT_URL_<SERVICE>, then AWS_ENDPOINT_URL, then AWS. */
  readonly endpoint?: string
  readonly credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  /** How often a call is tried before its error is thrown; default 7. */
  readonly maxAttempts?: number
}

// Throttled calls back off by a random part of 1, 2, 4, 8, 16, 20 s (SDK, mode "standard", full jitter), other trouble by
// a random part of 50, 100 … 1600 ms. With 7 attempts that is 26 s on average and 51 s at most, respectively 3 s: long
// enough for a short overload to pass, shorter than a Lambda timeout of one minute. A call that is still retrying when the
// function times out would end without its named error (I7); one that gives up is delivered again by the event source.
// All calls of a client share the SDK's budget (500 tokens; a retry takes 5 when throttled, else 14), so when everything is
// down errors come sooner.
// "adaptive" is not for us: it also slows the client down on the sending side, for all tasks of the invocation alike.
const MAX_ATTEMPTS = 7

// Connecting within a region takes 1 to 5 ms, of which TLS is most; a SYN that got lost is sent again after 1 s. 2 s survive
// one of those.
const CONNECTION_TIMEOUT_MS = 2_000

// One invocation works on all its tasks at once, with one call each in flight; the parts of an upload come on top.
const MAX_SOCKETS = 128

/** Settings that a client of any service takes; `requestTimeout` is the longest that one attempt may take. */
export function awsClientSettings(options: AwsClientOptions, { requestTimeout }: { requestTimeout: number }) {
  const { region, endpoint, credentials, maxAttempts = MAX_ATTEMPTS } = options
  return {
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
    maxAttempts,
    retryMode: 'standard',
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout,
      // Without this the SDK only logs a warning and goes on waiting, on a socket that died while the function was frozen for instance.
      throwOnRequestTimeout: true,
      // Kept alive between invocations: a new TLS connection costs a warm micro-batch more than its PutItem.
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    }),
  }
}
