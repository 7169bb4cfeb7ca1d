#!/usr/bin/env node
import { reportError } from './output.js';
import { createProgram } from './program.js';

// A reader that ends early (`| head`) is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await createProgram().parseAsync();
} catch (error) {
  const given = process.argv;
  process.exitCode = reportError(error, { json: given.includes('--json'), verbose: given.includes('--verbose') });
}
