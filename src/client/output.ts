import { CommanderError } from 'commander';
import { messageOf, PipelineError } from '../common/errors.js';

/** 0 ok · 1 the work failed · 2 wrong use or wrong configuration · 130 interrupted */
export const exitCodes = { ok: 0, failed: 1, wrongUse: 2, interrupted: 130 } as const;

/** Codes of errors that the user mends by changing the command line, the configuration or the environment. */
const wrongUse =
  /^(WRONG_USE|CONFIG_|INPUT_|MODEL_|LABELS_|CVAT_CREDENTIALS_|CVAT_AUTH|CVAT_HOST_|WEBHOOK_|SECRET_|ENCRYPTION_KEY_|TOOL_|TEMPORAL_CONFIG_|PORT_IN_USE|ALREADY_RUNNING|DATA_FOLDER_|HOST_ID_|VIDEO_NOT_FOUND|NO_VIDEOS_FOUND|FILE_EXISTS|CLASS_UNKNOWN|ROUND_UNKNOWN|DATASET_VERSION_UNKNOWN)/;

class Interrupted extends Error {}

/** Aborts, with {@link Interrupted}, when the user, the terminal or the system wants this process to end. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => controller.abort(new Interrupted()));
  }
  return controller.signal;
}

/** Prints a result: one JSON document with `--json`, else the text. Results are the only thing on stdout. */
export function printResult(json: boolean | undefined, result: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${text}\n`);
}

/** One document of a stream: JSON Lines. */
export function printLine(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

/** What the user should know while something runs. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Reports an error as the command line does and gives the exit code for it. */
export function reportError(error: unknown, options: { json?: boolean; verbose?: boolean } = {}): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.wrongUse;
  if (error instanceof Interrupted) {
    note('Interrupted.');
    return exitCodes.interrupted;
  }
  const code = error instanceof PipelineError ? error.code : 'UNEXPECTED';
  const hint = error instanceof PipelineError ? error.hint : undefined;
  const message = messageOf(error);
  if (options.json) printLine({ error: { code, message, hint } });
  note(`error[${code}]: ${message}`);
  if (hint) note(hint);
  if (options.verbose && error instanceof Error) note(error.stack ?? '');
  return wrongUse.test(code) ? exitCodes.wrongUse : exitCodes.failed;
}

/** Columns side by side, each as wide as its widest cell; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
