/** SHA-256, by what the runtime has at hand. */

/** The hash of the UTF-8 of a text, as 64 hexadecimal digits. */
export type Sha256 = (text: string) => string

interface Runtime {
  readonly Bun?: Pick<typeof import('bun'), 'CryptoHasher'>
}

/**
 * Bun has it without node:crypto, which would load the modules of streams as well, before there is a stream: milliseconds that a
 * start is over earlier.
 */
export async function loadSha256({ Bun }: Runtime = globalThis): Promise<Sha256> {
  if (Bun) return text => new Bun.CryptoHasher('sha256').update(text).digest('hex')
  const { createHash } = await import('node:crypto')
  return text => createHash('sha256').update(text).digest('hex')
}
