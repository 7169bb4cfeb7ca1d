import type { Payload, PayloadCodec } from '@temporalio/common';
import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import { PipelineError } from '../common/errors.js';
import type { EncryptionKeys } from './keys.js';

const cipher = 'aes-256-gcm';
/** As NIST SP 800-38D recommends for GCM: a random nonce of 96 bits, a tag of 128. */
const nonceBytes = 12;
const tagBytes = 16;
const encoding = 'binary/encrypted';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value?: Uint8Array | null): string => new TextDecoder().decode(value ?? undefined);

/**
 * Encrypts what Temporal stores of our workflows (inputs, results, heartbeats, memos, summaries, errors) with AES-256-GCM.
 * Payloads that are not encrypted are read as they are, so rounds that were begun before go on. The data of an encrypted
 * payload is: nonce, tag, then the encrypted form of {@link pack}; the id of the key is authenticated along.
 */
export class EncryptionCodec implements PayloadCodec {
  constructor(private readonly keys: EncryptionKeys) {}

  encode(payloads: Payload[]): Promise<Payload[]> {
    const { current, byId } = this.keys;
    const key = current === undefined ? undefined : byId.get(current);
    if (current === undefined || key === undefined) return Promise.resolve(payloads);
    return Promise.resolve(payloads.map((payload) => encrypt(payload, current, key)));
  }

  /** Rejects with PipelineError ENCRYPTION_KEY_UNKNOWN, ENCRYPTED_PAYLOAD_DAMAGED. */
  decode(payloads: Payload[]): Promise<Payload[]> {
    return new Promise((resolve) => {
      resolve(payloads.map((payload) => (isEncrypted(payload) ? this.decrypt(payload) : payload)));
    });
  }

  private decrypt(payload: Payload): Payload {
    const id = text(payload.metadata?.['encryption-key-id']);
    const key = this.keys.byId.get(id);
    if (key === undefined) {
      throw new PipelineError(
        'ENCRYPTION_KEY_UNKNOWN',
        `A payload is encrypted with the key ${id}, which is not here.`,
        {
          hint: 'Set FRAMELOOP_ENCRYPTION_KEY as the workers have it; keys of before belong in FRAMELOOP_ENCRYPTION_OLD_KEYS.',
        },
      );
    }
    return decrypt(payload, id, key);
  }
}

const isEncrypted = ({ metadata }: Payload): boolean => text(metadata?.encoding) === encoding;

function encrypt(payload: Payload, id: string, key: KeyObject): Payload {
  const nonce = randomBytes(nonceBytes);
  const encryption = createCipheriv(cipher, key, nonce).setAAD(bytes(id));
  const data = Buffer.concat([encryption.update(pack(payload)), encryption.final()]);
  return {
    metadata: { encoding: bytes(encoding), 'encryption-cipher': bytes(cipher), 'encryption-key-id': bytes(id) },
    data: Buffer.concat([nonce, encryption.getAuthTag(), data]),
  };
}

function decrypt({ data }: Payload, id: string, key: KeyObject): Payload {
  try {
    const all = Buffer.from(data ?? []);
    const nonce = all.subarray(0, nonceBytes);
    const decryption = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(bytes(id));
    decryption.setAuthTag(all.subarray(nonceBytes, nonceBytes + tagBytes));
    return unpack(Buffer.concat([decryption.update(all.subarray(nonceBytes + tagBytes)), decryption.final()]));
  } catch (cause) {
    throw new PipelineError(
      'ENCRYPTED_PAYLOAD_DAMAGED',
      `A payload that was encrypted with the key ${id} was changed.`,
      {
        hint: 'Somebody or something altered it on Temporal’s side; what it held is lost.',
        cause,
      },
    );
  }
}

/** A payload as bytes: the length of its metadata in 32 bits, its metadata as JSON with values in base64, its data. */
function pack({ metadata, data }: Payload): Buffer {
  const entries = Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]);
  const head = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, data ?? new Uint8Array()]);
}

function unpack(packed: Buffer): Payload {
  const end = 4 + packed.readUInt32BE(0);
  const metadata = JSON.parse(packed.toString('utf8', 4, end)) as Record<string, string>;
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [name, new Uint8Array(Buffer.from(value, 'base64'))]),
    ),
    data: new Uint8Array(packed.subarray(end)),
  };
}
