import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { PipelineError } from '../common/errors.js';

const keyBytes = 32;

/** Keys for AES-256, by the id that stands beside everything that was encrypted with them. */
export interface EncryptionKeys {
  /** The id of the key for new payloads; without one they stay readable. */
  current?: string;
  byId: ReadonlyMap<string, KeyObject>;
}

/**
 * The keys of `FRAMELOOP_ENCRYPTION_KEY` (32 random bytes, base64) and `FRAMELOOP_ENCRYPTION_OLD_KEYS` (more of them,
 * separated by commas, for what was encrypted before).
 *
 * @throws PipelineError ENCRYPTION_KEY_INVALID; its message does not repeat the key
 */
export function encryptionKeys(env: NodeJS.ProcessEnv): EncryptionKeys {
  const current = env.FRAMELOOP_ENCRYPTION_KEY?.trim();
  const old = (env.FRAMELOOP_ENCRYPTION_OLD_KEYS ?? '').split(',').map((text) => text.trim());
  const named = [
    ...(current ? [{ variable: 'FRAMELOOP_ENCRYPTION_KEY', text: current }] : []),
    ...old.filter(Boolean).map((text) => ({ variable: 'FRAMELOOP_ENCRYPTION_OLD_KEYS', text })),
  ];
  const keys = named.map(({ variable, text }) => readKey(variable, text));
  return { ...(current && { current: keys[0]?.[0] }), byId: new Map(keys) };
}

/** The id is made from the key, so that none can be mixed up; 32 bits of a hash tell nothing of 256 random ones. */
function readKey(variable: string, text: string): [id: string, key: KeyObject] {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== keyBytes || bytes.toString('base64') !== text) {
    throw new PipelineError(
      'ENCRYPTION_KEY_INVALID',
      `${variable} holds a key that is not ${keyBytes} bytes in base64.`,
      {
        hint: 'Make one with: openssl rand -base64 32',
      },
    );
  }
  return [createHash('sha256').update(bytes).digest('hex').slice(0, 8), createSecretKey(bytes)];
}
