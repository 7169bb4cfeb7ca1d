#!/usr/bin/env node
// Brings a fresh clone to a state where everything runs; see `node scripts/setup.mjs --help`.
// This file parses on any Node.js that knows modules, so that an old one gets a sentence and not a syntax error.
const minimum = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < minimum[0] || (major === minimum[0] && minor < minimum[1])) {
  console.error(`✗ Node.js ${process.versions.node} is too old: ${minimum.join('.')} or newer is needed.`);
  console.error('  Install a newer one from https://nodejs.org or with your version manager, then run this again.');
  process.exit(1);
}
const { main } = await import('./setup/main.mjs');
process.exitCode = await main(process.argv.slice(2));
