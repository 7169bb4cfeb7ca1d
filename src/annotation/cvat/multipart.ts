export interface MultipartFile {
  /** The form field's name. */
  field: string;
  /** The file's name as the server shall know it. */
  name: string;
  contentType: string;
  bytes: Buffer;
}

/**
 * A multipart/form-data body (RFC 7578) of known length. CVAT reads a body that comes in chunks as empty, and takes a
 * frame's name from the part's file name.
 * @param boundary must not occur in any of the contents
 */
export function multipartBody(
  fields: Record<string, string>,
  files: readonly MultipartFile[],
  boundary: string,
): { contentType: string; bytes: Buffer } {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(fields)) {
    parts.push(
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`),
    );
  }
  for (const { field, name, contentType, bytes } of files) {
    const disposition = `form-data; name="${quoted(field)}"; filename="${quoted(name)}"`;
    parts.push(
      Buffer.from(`--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${contentType}\r\n\r\n`),
      bytes,
      Buffer.from('\r\n'),
    );
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, bytes: Buffer.concat(parts) };
}

/** How browsers write a name (HTML standard, multipart form data): quotes and line ends percent-encoded. */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
