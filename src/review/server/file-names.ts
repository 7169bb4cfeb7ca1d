import { refused } from './api-error.js';

/** Room for a folder name and `.txt` in the exported archive under the usual 255 bytes of a file system. */
const maxNameBytes = 200;

/**
 * The name an uploaded picture gets: the last part of what the client sent (official clients send absolute paths, with
 * no `..` in them). It never becomes a path on this machine, but it goes into archives that others unpack.
 * @throws ApiError 400 when the path climbs, or nothing usable is left of it
 */
export function safeFileName(sent: string): string {
  const parts = sent.split(/[/\\]/);
  const name = parts.at(-1) ?? '';
  if (name === '' || /^\.+$/.test(name)) throw refused('A file was sent without a usable name.');
  if (parts.includes('..')) throw refused('A file name climbs out of its folder.');
  if (/[\p{Cc}\p{Cs}\ufffd\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(name)) {
    throw refused('A file name holds control or unreadable characters.');
  }
  if (Buffer.byteLength(name) > maxNameBytes) throw refused(`A file name is longer than ${maxNameBytes} bytes.`);
  if (!/.\.(jpe?g|png|webp)$/i.test(name)) {
    throw refused(`'${name}' is not a picture: names end in .jpg, .jpeg, .png or .webp.`);
  }
  return name;
}

/** Whether something may name a subset, which becomes a folder of exported archives and a key of their data.yaml. */
export function isSubsetName(name: string): boolean {
  return /^[\w-]{1,64}$/.test(name) && !['names', 'path', 'nc', 'classes', 'backup'].includes(name);
}

/** By code point, as CVAT orders frames. (JavaScript's own order differs above U+FFFF; UTF-8 bytes keep it.) */
export function compareNames(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

export function withoutExtension(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}
