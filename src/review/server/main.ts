/**
 * The embedded annotation server as a program: `main.js --data FOLDER [--port N] [--with-parent]`, for other machines
 * `[--host ADDRESS --public-name NAME …]` with a password in FRAMELOOP_REVIEW_PASSWORD, and for the pages about rounds and dataset `[--pipeline FOLDER] [--dataset FOLDER] [--temporal-ui URL]`. Ends on a signal and,
 * with `--with-parent`, when its standard input ends, which is when the parent process is gone.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, PipelineError } from '../../common/errors.js';
import { startReviewServer } from './index.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    port: { type: 'string', default: '0' },
    host: { type: 'string' },
    'public-name': { type: 'string', multiple: true },
    pipeline: { type: 'string' },
    dataset: { type: 'string' },
    'temporal-ui': { type: 'string' },
    'with-parent': { type: 'boolean' },
  },
});

try {
  if (!values.data) throw new PipelineError('WRONG_USE', 'The option --data FOLDER is missing.');
  const server = await startReviewServer({
    dataFolder: values.data,
    port: Number(values.port),
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(values['public-name'] === undefined ? {} : { publicNames: values['public-name'] }),
    password: process.env.FRAMELOOP_REVIEW_PASSWORD || undefined,
    ...(values.pipeline === undefined
      ? {}
      : {
          pipeline: {
            data: values.pipeline,
            dataset: values.dataset ?? path.join(values.pipeline, 'dataset'),
            temporalUi: values['temporal-ui'],
          },
        }),
    log: (line) => process.stderr.write(`${JSON.stringify(line)}\n`),
  });
  const stop = () => void server.close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (values['with-parent']) process.stdin.once('end', stop).resume();
  // Whoever reads this may tell it to stop at once.
  process.stdout.write(`${JSON.stringify({ ready: true, url: server.url })}\n`);
} catch (error) {
  const code = error instanceof PipelineError ? error.code : 'UNEXPECTED';
  const hint = error instanceof PipelineError && error.hint ? `\n${error.hint}` : '';
  process.stderr.write(`error[${code}]: ${messageOf(error)}${hint}\n`);
  process.exitCode = 2;
}
