// What a bundle has in place of the credential providers that no function needs: of profiles and ~/.aws, single sign-on,
// processes and web identity tokens. Their clients would be a tenth of it (docs/decisions/061-what-a-bundle-leaves-out.md).
// Where one of them would have been asked it refuses, so that a call is never made as somebody else (I7).

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

type Variables = Readonly<Record<string, string | undefined>>

/** A provider of the SDK: made with what the client was given, then asked. */
type Provider = (given?: Readonly<Record<string, unknown>>) => () => Promise<never>

/** The SDK goes by the name, and asks the next provider of its chain where `tryNextLink` is set. */
class CredentialsProviderError extends Error {
  override readonly name = 'CredentialsProviderError'
  readonly tryNextLink: boolean

  constructor(wanted: string | undefined) {
    super(
      wanted === undefined
        ? 'Not asked for.'
        : `${wanted}, and a bundled function reads no credentials from there: it has them in its environment (AWS_ACCESS_KEY_ID) or from its container or instance. Set them there and unset that, or give the client credentials of its own.`,
    )
    this.tryNextLink = wanted === undefined
  }
}

const leftOut =
  (wanted: (given: Readonly<Record<string, unknown>>, variables: Variables) => string | undefined): Provider =>
  (given = {}) =>
  async () => {
    throw new CredentialsProviderError(wanted(given, process.env))
  }

/** Instead of `@aws-sdk/credential-provider-ini`; a file that is there would have been read. */
export const fromIni = leftOut(({ profile }, { AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE }) => {
  const named = profile ?? AWS_PROFILE
  if (named) return `The profile ${named} is to be used`
  const file = AWS_SHARED_CREDENTIALS_FILE ?? join(homedir(), '.aws', 'credentials')
  return existsSync(file) ? `There are no credentials in the environment, only ${file}` : undefined
})

/** Instead of `@aws-sdk/credential-provider-sso`, which is only asked where a client is told to. */
export const fromSSO = leftOut(() => 'Single sign-on is to be used')

/** Instead of `@aws-sdk/credential-provider-process`: it would read the files that `fromIni` has looked for. */
export const fromProcess = leftOut(() => undefined)

/** Instead of `@aws-sdk/credential-provider-web-identity`. */
export const fromTokenFile = leftOut((_, { AWS_WEB_IDENTITY_TOKEN_FILE: file }) =>
  file ? `The web identity token ${file} is to be used` : undefined,
)
