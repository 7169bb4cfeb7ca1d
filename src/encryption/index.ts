import type { DataConverter } from '@temporalio/common';
import { fileURLToPath } from 'node:url';
import { EncryptionCodec } from './codec.js';
import { encryptionKeys } from './keys.js';

export { EncryptionCodec } from './codec.js';
export { encryptionKeys } from './keys.js';
export { startCodecServer } from './server.js';

/** Makes the messages of errors payloads too. Workflows have it in their bundle, and without a key they have not. */
export const failureConverterPath = fileURLToPath(new URL('./failure-converter.cjs', import.meta.url));

/**
 * For every client and worker: reads what is encrypted, and encrypts where there is a key.
 *
 * @throws PipelineError ENCRYPTION_KEY_INVALID
 */
export function dataConverter(env: NodeJS.ProcessEnv): DataConverter {
  const keys = encryptionKeys(env);
  return { payloadCodecs: [new EncryptionCodec(keys)], ...(keys.current !== undefined && { failureConverterPath }) };
}
