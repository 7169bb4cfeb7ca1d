import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EncryptionCodec, encryptionKeys } from '../../../src/encryption/index.js';

const key = randomBytes(32).toString('base64');
const codec = new EncryptionCodec(encryptionKeys({ FRAMELOOP_ENCRYPTION_KEY: key }));

describe('an encrypted payload', () => {
  it('is what it was when it is decrypted, whatever it holds', async () => {
    const payload = fc.record({
      metadata: fc.dictionary(fc.string(), fc.uint8Array()).map((each) => ({ ...each })),
      data: fc.uint8Array(),
    });
    await fc.assert(
      fc.asyncProperty(payload, async (plain) => {
        const [decrypted] = await codec.decode(await codec.encode([plain]));
        expect(decrypted).toEqual({ metadata: plain.metadata, data: plain.data });
      }),
    );
  });

  it('is never the same twice', async () => {
    const plain = { metadata: {}, data: new Uint8Array([1, 2, 3]) };
    const [one, two] = await codec.encode([plain, plain]);
    expect(Buffer.from(one?.data ?? []).equals(Buffer.from(two?.data ?? []))).toBe(false);
  });

  it('is not taken when anything in it was changed', async () => {
    const [encrypted] = await codec.encode([{ metadata: {}, data: new Uint8Array([1, 2, 3]) }]);
    const data = Uint8Array.from(encrypted?.data ?? []);
    for (let at = 0; at < data.length; at += 1) {
      const changed = Uint8Array.from(data, (byte, index) => (index === at ? byte ^ 1 : byte));
      await expect(codec.decode([{ ...encrypted, data: changed }])).rejects.toMatchObject({
        code: 'ENCRYPTED_PAYLOAD_DAMAGED',
      });
    }
  });
});

describe('keys', () => {
  it.each(['short', key.slice(4), `${key}AAAA`, 'not base64 at all, but of a good length!'])('"%s" is none', (text) => {
    const read = () => encryptionKeys({ FRAMELOOP_ENCRYPTION_KEY: text });
    expect(read).toThrow(expect.objectContaining({ code: 'ENCRYPTION_KEY_INVALID' }) as Error);
    expect(read).not.toThrow(text);
  });

  it('without any, payloads stay as they are', async () => {
    const plain = [{ metadata: {}, data: new Uint8Array([1]) }];
    expect(await new EncryptionCodec(encryptionKeys({})).encode(plain)).toBe(plain);
  });
});
