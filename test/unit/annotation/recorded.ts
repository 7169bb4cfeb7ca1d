import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Exchanges with a real CVAT 2.23.1, which stand beside the repository where it is developed. */
const folder = path.resolve(import.meta.dirname, '../../../../shared/cvat-record');

export interface RecordedExchange {
  note?: string;
  request?: { method: string; path: string; headers: Record<string, string>; body?: unknown };
  response: { status: number; headers: Record<string, string>; body: unknown; zip_content?: Record<string, string> };
}

export const recordsAreThere = existsSync(folder);
if (!recordsAreThere) console.warn(`skipped: recorded CVAT exchanges are not at ../shared/cvat-record`);

export function recorded(name: string): RecordedExchange[] {
  const { exchanges } = JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')) as {
    exchanges: RecordedExchange[];
  };
  return exchanges.filter(({ request }) => request !== undefined);
}

/** The first exchange with this note or, without a note, this method and path. */
export function exchange(name: string, noteOrPath: string): RecordedExchange {
  const found = recorded(name).find(
    ({ note, request }) => note === noteOrPath || `${request!.method} ${request!.path}` === noteOrPath,
  );
  if (found === undefined) throw new Error(`${name} holds no exchange "${noteOrPath}"`);
  return found;
}

/** An answer's body as it went over the wire: the records keep texts that are no JSON under `text`. */
export function wireBody({ response: { body } }: RecordedExchange): string {
  if (body !== null && typeof body === 'object' && 'text' in body) return String(body.text);
  return body === null ? '' : JSON.stringify(body);
}
