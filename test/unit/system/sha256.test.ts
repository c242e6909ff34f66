import { describe, expect, test } from 'bun:test'
import { loadSha256 } from '../../../src/system/sha256.ts'

// The first is of FIPS 180-2; the others are by sha256sum(1).
const HASHES = [
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['é\0😀', '2ef3b1c8e8eed9fe539f0f94927fc4760bbe9fa9366d5899e201ddfcd0e1470e'],
] as const

describe('loadSha256', () => {
  test.each(HASHES)('hashes the UTF-8 of %j alike with Bun and without it', async (text, hash) => {
    const [byBun, byNode] = [await loadSha256(), await loadSha256({})]
    expect([byBun(text), byNode(text)]).toEqual([hash, hash])
  })
})
