/** Longer texts are server pages or dumps: nobody reads them in one line. */
const MAX_LENGTH = 400;

/**
 * What an error answer says, in one line. CVAT writes `{"detail": "…"}`, `{"field": ["…"]}` (nested for lists of
 * shapes), `["…"]`, a bare JSON string, plain text, and HTML for 500 and unknown paths. Empty when it says nothing.
 */
export function describeErrorBody(text: string): string {
  const body = parse(text);
  const described = typeof body === 'string' ? fromText(body) : fromJson(body).join('; ');
  return described.length > MAX_LENGTH ? `${described.slice(0, MAX_LENGTH)}…` : described;
}

/** JSON where it is JSON; every other answer is a text of its own. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function fromText(text: string): string {
  if (!/<(!doctype|html)/i.test(text)) return oneLine(text);
  const heading = /<h1>(.*?)<\/h1>/is.exec(text) ?? /<title>(.*?)<\/title>/is.exec(text);
  return heading ? oneLine(heading[1]!.replaceAll(/<[^>]*>/g, '')) : '';
}

function fromJson(value: unknown, path: string[] = []): string[] {
  if (value === null || value === undefined || value === '') return [];
  if (Array.isArray(value)) return value.flatMap((item) => fromJson(item, path));
  if (typeof value === 'object') {
    return Object.entries(value).flatMap(([key, inner]) =>
      fromJson(inner, key === 'detail' || key === 'non_field_errors' ? path : [...path, key]),
    );
  }
  const sentence = oneLine(typeof value === 'string' ? value : JSON.stringify(value));
  return [path.length === 0 ? sentence : `${path.join('.')}: ${sentence}`];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
