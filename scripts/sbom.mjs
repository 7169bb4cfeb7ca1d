#!/usr/bin/env node
// Prints a software bill of materials as CycloneDX JSON: the npm packages that run in production, as npm knows them, and
// the external programs that set-up installs. `npm run --silent sbom > sbom.json`
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parsePins } from './setup/pins.mjs';
import { npmCommand } from './setup/run.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const read = (name) => readFileSync(path.join(root, name), 'utf8');
const { command, shell } = npmCommand(process.env);
const [program, ...words] = [...command, 'sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
const bill = JSON.parse(execFileSync(program, words, { cwd: root, shell, maxBuffer: 64 * 1024 * 1024 }));

// npm's own `--omit dev` leaves out what production needs too as soon as a development package needs it.
const production = new Set(
  Object.entries(JSON.parse(read('package-lock.json')).packages)
    .filter(([, { dev }]) => !dev)
    .map(([place, { version }]) => `${place.replace(/^.*node_modules\//, '') || 'frameloop'}@${version}`),
);
bill.components = bill.components.filter(({ name, version }) => production.has(`${name}@${version}`));
const references = new Set([bill.metadata.component, ...bill.components].map((each) => each['bom-ref']));
bill.dependencies = bill.dependencies
  .filter(({ ref }) => references.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => references.has(each)) }));

// npm names the project after its folder.
bill.metadata.component.name = 'frameloop';
bill.metadata.component.type = 'application';
const pins = parsePins(read('scripts/tools-requirements.txt'));
for (const { tool, requirement } of pins) {
  const [, name, version] = /^([\w.-]+)(?:\[.*\])?==(\S+)$/.exec(requirement);
  const reference = `pkg:pypi/${name}@${version}`;
  bill.components.push({
    ...{ 'bom-ref': reference, type: 'application', name, version, purl: reference, scope: 'optional' },
    description: `brings the program ${tool}`,
  });
}
process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`);
