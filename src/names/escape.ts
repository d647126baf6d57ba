// Names of users inside keys and paths. What separates the parts of a key never comes out of here unescaped, so no name reaches
// into another part, and two names that differ make two keys.

/** Percent-encodes what separates the parts of a key (`#`, `/`, `%`) and what a key cannot hold (controls, lone surrogates). */
export function escapeKeyPart(part: string): string {
  return part.replace(/[%#/\\\p{Cc}\p{Cs}]/gu, (char) => {
    const code = char.charCodeAt(0)
    return code < 256 ? `%${code.toString(16).padStart(2, '0').toUpperCase()}` : `%u${code.toString(16).toUpperCase()}`
  })
}

/** What `escapeKeyPart` has escaped, as it was. */
export function unescapeKeyPart(part: string): string {
  return part.replace(/%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g, (_, wide?: string, narrow?: string) =>
    String.fromCharCode(Number.parseInt(wide ?? narrow ?? '', 16)),
  )
}

/** Names as the path of an object. A segment `.` or `..` means another object to those who resolve URLs, so it is escaped too. */
export function objectPath(...names: readonly string[]): string {
  return names.map((name) => (/^\.\.?$/.test(name) ? name.replaceAll('.', '%2E') : escapeKeyPart(name))).join('/')
}
