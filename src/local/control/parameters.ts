// What may be a parameter of a job: an environment variable that is the job's, and neither Millrace's nor one that changes how a process
// of Node.js runs.

import { InvalidOptionError } from '../../errors/errors.ts'

/** Words by which such variables begin: where state is, who one is at AWS, what is loaded, where programs are looked for. */
const RESERVED =
  /^(?:MILLRACE_|AWS_|_|NODE_|LD_|DYLD_|npm_|PATH$|HOME$|TMPDIR$|TMP$|TEMP$|SSL_|OPENSSL_|HTTPS?_PROXY$|NO_PROXY$|ALL_PROXY$|BASH_ENV$|ENV$|IFS$|SHELL$|UV_)/i
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
const MOST_BYTES = 4096

/** @throws InvalidOptionError unless it may be the name of a parameter */
export function checkParameterName(where: string, name: string): void {
  if (!NAME.test(name))
    throw new InvalidOptionError(
      `${where}: ${JSON.stringify(name.slice(0, 64))} is no name of a parameter: letters, digits and _.`,
    )
  if (RESERVED.test(name))
    throw new InvalidOptionError(`${where}: ${name} is no parameter of a job, but of what runs it.`)
}

/** @throws InvalidOptionError */
export function checkParameter(where: string, name: string, value: string): void {
  checkParameterName(where, name)
  // Lambda has 4 KB for all variables of a function, and no process takes a NUL.
  if (value.includes('\0') || Buffer.byteLength(value) > MOST_BYTES)
    throw new InvalidOptionError(`${where}: the value of ${name} is longer than ${MOST_BYTES} bytes, or holds a NUL.`)
}
