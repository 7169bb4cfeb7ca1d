import { describe, expect, it } from 'vitest';
import { codeIn, read, sources, tableRows } from './files.js';

/** SCREAMING_SNAKE texts in the sources that are no codes of ours. */
const otherNames = [
  /^(EAI_AGAIN|ERR_)/, // of Node.js
  /_(PATH|PROXY|CA_BUNDLE)$/, // environment variables
  /^(LC|XDG|DENO|SSL|NODE)_/,
  /^(CVAT_(HOST|TOKEN|USER|PASSWORD|PROJECT_ID|WEBHOOK_SECRET)|FRAMELOOP_(CONFIG|METRICS|REVIEW_PASSWORD|ENCRYPTION_(KEY|OLD_KEYS)))$/,
  /^(TEMPORAL_(ADDRESS|NAMESPACE|TLS|API_KEY))$/,
  /^(TRY_CANCEL|WAIT_CANCELLATION_COMPLETED|ALLOW_ALL|REQUEST_CANCEL)$/, // options of Temporal
];

/** Any quoted text that looks like a code, wherever it stands (also in a table or behind a `?`); and one-word codes. */
function codesInSources(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of sources()) {
    const text = read(file);
    const quoted = [...text.matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)];
    const single = [...text.matchAll(/(?:Error\(|\b(?:code|type): (?:[\w.?]+ (?:\?\?|:) )?|\?\? |: )'([A-Z]{5,})'/g)];
    for (const [, code = ''] of [...quoted, ...single]) {
      if (!otherNames.some((name) => name.test(code))) found.set(code, file);
    }
  }
  return found;
}

const documented = tableRows('docs/troubleshooting.md').flatMap(([first = '']) => codeIn(first));

/** Texts of capital letters alone that are no codes: HTTP methods, signals, states of Temporal, log levels … */
const words =
  /^(PATCH|DELETE|RUNNING|COMPLETED|ERROR|DEBUG|TRACE|EPERM|ESRCH|E[A-Z]+|SIG[A-Z]+|BENIGN|INT64|FLOAT|UINT8|AUTO_UPGRADE|PINNED|TEMPORAL_(DEPLOYMENT_NAME|WORKER_BUILD_ID))$/;

describe('docs/troubleshooting.md', () => {
  const codes = codesInSources();

  it('finds the codes in all the forms in which the sources write them', () => {
    // one each: thrown as it is, behind a `?`, in the table of yt-dlp's failures, as type of a failure, of one word
    for (const code of ['PORT_IN_USE', 'CATALOG_UNREADABLE', 'BOT_CHECK', 'NOT_COMPLETE', 'UNEXPECTED', 'UNKNOWN']) {
      expect(codes.has(code), code).toBe(true);
    }
  });

  it('explains every code that the program can show', () => {
    const missing = [...codes].filter(([code]) => !words.test(code) && !documented.includes(code));
    expect(missing.map(([code, file]) => `${code} of ${file}`)).toEqual([]);
  });

  it('explains no code that does not exist any more', () => {
    expect(documented.filter((code) => !codes.has(code))).toEqual([]);
  });

  it('explains each code once', () => {
    expect(documented.filter((code, index) => documented.indexOf(code) !== index)).toEqual([]);
  });

  it('says for every code what it means, whether it is tried again, and what to do', () => {
    const rows = tableRows('docs/troubleshooting.md').filter(([first]) => first?.startsWith('`'));
    expect(rows.length).toBeGreaterThan(80);
    for (const row of rows) {
      expect(row, row[0]).toHaveLength(4);
      expect(row[2], row[0]).toMatch(/^(yes|no|depends)$/);
      expect(row[1]?.length && row[3]?.length, row[0]).toBeTruthy();
    }
  });
});
