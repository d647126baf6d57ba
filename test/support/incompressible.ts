// Text that stays large however it is compressed: six bits of chance in every character, the same in every run.

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** `length` characters; compressed they take three quarters of that. */
export function incompressible(length: number): string {
  let state = 0x9e3779b9
  return Array.from({ length }, () => {
    state ^= state << 13 // xorshift32
    state ^= state >>> 17
    state ^= state << 5
    return CHARACTERS[state & 63]
  }).join('')
}
