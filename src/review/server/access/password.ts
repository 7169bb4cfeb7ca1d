import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PipelineError, systemErrorCode } from '../../../common/errors.js';
import { writeFileAtomic } from '../../../common/files.js';
import { ownerOnly } from '../data-folder.js';

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** OWASP's advice for scrypt (N = 2^15 with p = 3, 32 MiB): about a quarter of a second for a guess. */
const cost = { N: 2 ** 15, r: 8, p: 3 };
const keyBytes = 32;
/** 128 · N · r, and some room. */
const maxmem = 64 * 2 ** 20;

/** What NIST SP 800-63B asks for at least. */
const leastCharacters = 8;

/** `scrypt$N$r$p$salt$key`, the last two in base64url. */
async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password.normalize('NFKC'), salt, keyBytes, { ...cost, maxmem });
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Takes the same time whatever was sent. */
export async function isPassword(sent: string, hash: string): Promise<boolean> {
  const [scheme, N, r, p, salt = '', key = ''] = hash.split('$');
  if (scheme !== 'scrypt') return false;
  const known = Buffer.from(key, 'base64url');
  const options = { N: Number(N), r: Number(r), p: Number(p), maxmem };
  const derived = await derive(sent.normalize('NFKC'), Buffer.from(salt, 'base64url'), known.length, options);
  return timingSafeEqual(derived, known);
}

/**
 * Stores the hash of a new password, or reads the one of an earlier start. Undefined where none was ever set.
 * @throws PipelineError PASSWORD_TOO_SHORT
 */
export async function keepPassword(file: string, password: string | undefined): Promise<string | undefined> {
  if (password === undefined) return readHash(file);
  if (password.length < leastCharacters) {
    throw new PipelineError('PASSWORD_TOO_SHORT', 'The password of the review server is too short.', {
      hint: `Choose one of at least ${leastCharacters} characters.`,
    });
  }
  const known = await readHash(file);
  if (known !== undefined && (await isPassword(password, known))) return known;
  const hash = await hashPassword(password);
  await writeFileAtomic(file, `${hash}\n`, ownerOnly);
  return hash;
}

async function readHash(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim() || undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
