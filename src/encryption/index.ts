import type { DataConverter } from '@temporalio/common';
import { EncryptionCodec } from './codec.js';
import { encryptionKeys } from './keys.js';

export { EncryptionCodec } from './codec.js';
export { encryptionKeys } from './keys.js';
export { startCodecServer } from './server.js';

/**
 * For every client and worker: reads what is encrypted, and encrypts where there is a key.
 *
 * @throws PipelineError ENCRYPTION_KEY_INVALID
 */
export function dataConverter(env: NodeJS.ProcessEnv): DataConverter {
  return { payloadCodecs: [new EncryptionCodec(encryptionKeys(env))] };
}
