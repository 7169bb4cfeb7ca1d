import { sha256, sha256File } from '../common/files.js';

const digestLength = 12;

/** `file-<12 hex of the SHA-256 of the content>`: one key for one content, under whatever name. */
export async function videoKeyOfFile(file: string, signal?: AbortSignal): Promise<string> {
  return videoKeyOfContent(await sha256File(file, signal));
}

/** {@link videoKeyOfFile} for a content whose SHA-256 is known. */
export function videoKeyOfContent(contentSha256: string): string {
  return `file-${contentSha256.slice(0, digestLength)}`;
}

/** `url-<12 hex of the SHA-256 of the normalised URL>`, see {@link normaliseUrl}. Throws TypeError if it is no URL. */
export function videoKeyOfUrl(url: string): string {
  return `url-${sha256(normaliseUrl(url)).slice(0, digestLength)}`;
}

/**
 * One spelling for URLs that mean the same: scheme and host in lower case, no default port, no fragment, the query's
 * parameters sorted by name (those of one name stay in their order).
 */
export function normaliseUrl(url: string): string {
  const normalised = new URL(url.trim());
  normalised.hash = '';
  normalised.searchParams.sort();
  return normalised.href;
}

/**
 * `<extractor>-<id>` for sites whose videos have an id of their own (`youtube-dQw4w9WgXcQ`). The key becomes a folder
 * and part of file names, so an id with other characters than letters, digits, `-` and `_` is replaced by its digest.
 */
export function videoKeyOfSite(extractor: string, id: string): string {
  const site = extractor.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return `${site}-${/^[\w-]{1,64}$/.test(id) ? id : sha256(id).slice(0, digestLength)}`;
}
