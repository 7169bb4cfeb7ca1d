import { open } from 'node:fs/promises';

export interface MultipartFile {
  /** The form field's name. */
  field: string;
  /** The file's name as the server shall know it. */
  name: string;
  contentType: string;
  /** Where it is on this disk, and how large. */
  file: string;
  sizeBytes: number;
}

/**
 * A multipart/form-data body (RFC 7578) of known length. CVAT reads a body that comes in chunks as empty, and takes a
 * frame's name from the part's file name. The files are read to where they are sent from: they are in memory once.
 * @param boundary must not occur in any of the contents
 */
export async function multipartBody(
  fields: Record<string, string>,
  files: readonly MultipartFile[],
  boundary: string,
  signal?: AbortSignal,
): Promise<{ contentType: string; bytes: Buffer }> {
  const form = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
  );
  const heads = files.map(({ field, name, contentType }) => {
    const disposition = `form-data; name="${quoted(field)}"; filename="${quoted(name)}"`;
    return `--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${contentType}\r\n\r\n`;
  });
  const end = `--${boundary}--\r\n`;
  const texts = [...form, ...heads.map((head) => `${head}\r\n`), end];
  const length = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size, 0);
  const bytes = Buffer.allocUnsafe(
    length(texts.map((text) => Buffer.byteLength(text))) + length(files.map(({ sizeBytes }) => sizeBytes)),
  );
  let at = bytes.write(form.join(''));
  for (const [index, { file, sizeBytes }] of files.entries()) {
    signal?.throwIfAborted();
    at += bytes.write(heads[index]!, at);
    await readWhole(file, bytes.subarray(at, at + sizeBytes));
    at += sizeBytes + bytes.write('\r\n', at + sizeBytes);
  }
  bytes.write(end, at);
  return { contentType: `multipart/form-data; boundary=${boundary}`, bytes };
}

/** Fills `target` with the file, which must be of exactly that size. */
async function readWhole(file: string, target: Buffer): Promise<void> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    let read = 0;
    while (read < target.length) {
      const { bytesRead } = await handle.read(target, read, target.length - read, read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    if (size !== target.length || read !== size) throw new Error(`${file} was changed while it was being sent`);
  } finally {
    await handle.close();
  }
}

/** How browsers write a name (HTML standard, multipart form data): quotes and line ends percent-encoded. */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
