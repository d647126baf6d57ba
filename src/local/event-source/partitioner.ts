// Kafka's default partitioner, so that an embedded topic puts a key where the real one would: murmur2 of the key's
// bytes, sign bit off, modulo the number of partitions. Figures: org.apache.kafka.common.utils.Utils.murmur2.

const SEED = 0x9747b28c
const M = 0x5bd1e995

/** The partition of a key among `partitions`. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

/** murmur2 as the Java client computes it, as a signed 32-bit integer. */
export function murmur2(data: Uint8Array): number {
  const length = data.length
  const whole = length & ~3
  let h = SEED ^ length
  for (let i = 0; i < whole; i += 4) {
    let k = byteAt(data, i) | (byteAt(data, i + 1) << 8) | (byteAt(data, i + 2) << 16) | (byteAt(data, i + 3) << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    k = Math.imul(k, M)
    h = Math.imul(h, M) ^ k
  }
  for (let i = length - 1; i >= whole; i--) h ^= byteAt(data, i) << (8 * (i - whole))
  if (length > whole) h = Math.imul(h, M)
  h ^= h >>> 13
  h = Math.imul(h, M)
  h ^= h >>> 15
  return h | 0
}

const byteAt = (data: Uint8Array, index: number): number => data[index] ?? 0
