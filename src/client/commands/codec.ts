import { once } from 'node:events';
import { EncryptionCodec, encryptionKeys, startCodecServer } from '../../encryption/index.js';
import { readContext, type CommonOptions } from '../context.js';
import { interruption, note, printLine } from '../output.js';

/** Decrypts for the Temporal UI and command line of this machine until it is interrupted. */
export async function serve(options: CommonOptions & { port: number; ui: string }): Promise<void> {
  await readContext(options);
  const interrupted = interruption();
  const codec = new EncryptionCodec(encryptionKeys(process.env));
  const server = await startCodecServer({ codec, port: options.port, origin: new URL(options.ui).origin });
  if (options.json) printLine({ ready: true, url: server.url });
  note(
    `Decrypting at ${server.url} for the Temporal UI at ${options.ui} and for: temporal --codec-endpoint ${server.url}`,
  );
  if (!interrupted.aborted) await once(interrupted, 'abort');
  await server.close();
}
