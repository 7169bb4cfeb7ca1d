import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createProgram } from '../../../src/client/program.js';
import { findChecker } from '../../helpers/checkers.js';
import { inProject, read } from '../docs/files.js';

interface Service {
  image: string;
  command: string[];
  read_only: boolean;
  cap_drop: string[];
  security_opt: string[];
  ports?: string[];
  tmpfs: string[];
  mem_limit: string;
}

const production = parse(read('compose.production.yml'), { merge: true }) as {
  name: string;
  services: Record<string, Service>;
};
const services = Object.entries(production.services);

/** Whether our command line knows the words of a command. */
function isCommand(words: readonly string[]): boolean {
  let command = createProgram();
  for (const word of words) {
    if (command.commands.length === 0) return true;
    const next = command.commands.find((each) => each.name() === word);
    if (!next) return false;
    command = next;
  }
  return command.commands.length === 0;
}

describe('compose.production.yml', () => {
  it.each(services)('%s: can write to its volume and /tmp only, and has no privileges', (_, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(service.tmpfs).toEqual([expect.stringMatching(/^\/tmp:size=/)]);
    expect(service.mem_limit).toBeTruthy();
  });

  it.each(services)('%s: is reached from this machine only, unless somebody says otherwise', (_, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^\$\{[A-Z_]+:-127\.0\.0\.1:\d+\}:\d+$/);
  });

  it.each(services)('%s: runs a command that exists', (_, { command }) => {
    expect(isCommand(command)).toBe(true);
  });

  it('is one project with the cluster, so that both files together keep the volumes that each has alone', () => {
    const cluster = parse(read('temporal-docker-compose.yml')) as typeof production;
    expect(production.name).toBe(cluster.name);
    expect(Object.keys(production.services).filter((name) => name in cluster.services)).toEqual([]);
  });

  it('names the variables that can be set in its head', () => {
    const text = read('compose.production.yml');
    const head = text.slice(0, text.indexOf('\nservices:'));
    for (const [, name = ''] of text.matchAll(/\$\{([A-Z_]+):-/g))
      expect(head).toMatch(new RegExp(`^# {3}${name} `, 'm'));
  });
});

const checker = findChecker('compose-spec');

describe('the loader of Docker Compose', () => {
  const load = (...files: string[]) =>
    parse(
      execFileSync(checker ?? '', files, { cwd: inProject(''), encoding: 'utf8', stdio: 'pipe' }),
    ) as typeof production;

  it.skipIf(!checker).each([
    ['the cluster', ['temporal-docker-compose.yml']],
    ['worker and receiver', ['compose.production.yml']],
    ['both together', ['temporal-docker-compose.yml', 'compose.production.yml']],
  ])('accepts %s (without compose-spec: skipped; scripts/ci/checkers.sh installs it)', (_, files) => {
    const loaded = load(...files);
    expect(Object.keys(loaded.services).length).toBeGreaterThan(1);
  });

  it.skipIf(!checker)("accepts docs/deployment.md's additions, which are about services that exist", () => {
    const blocks = [...read('docs/deployment.md').matchAll(/^```yaml\n(services:\n[^]*?)^```/gm)];
    expect(blocks.length).toBeGreaterThan(2);
    const files = ['temporal-docker-compose.yml', 'compose.production.yml'];
    const folder = mkdtempSync(path.join(tmpdir(), 'frameloop-compose-'));
    try {
      for (const [, block = ''] of blocks) {
        const file = path.join(folder, 'compose.override.yml');
        writeFileSync(file, block);
        expect(Object.keys(load(...files, file).services)).toEqual(Object.keys(load(...files).services));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.skipIf(!checker)('would refuse a wrong key', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'frameloop-compose-'));
    try {
      const file = path.join(folder, 'wrong.yml');
      writeFileSync(file, read('compose.production.yml').replace('read_only: true\n  cap', 'read_onli: true\n  cap'));
      expect(() => load(file)).toThrow(/read_onli/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('Dockerfile', () => {
  const text = read('Dockerfile');
  const hadolint = findChecker('hadolint');

  it.skipIf(!hadolint)('hadolint finds nothing (without it: skipped; scripts/ci/checkers.sh installs it)', () => {
    execFileSync(hadolint ?? '', [inProject('Dockerfile')], { stdio: 'pipe' });
  });

  it('is built on a whole version of a Node.js that we support', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const [, version = ''] = /^FROM node:(\d+\.\d+\.\d+)-\w+-slim AS base$/m.exec(text) ?? [];
    const [, minimum = ''] = /^>=(\d+)/.exec(engines.node) ?? [];
    expect(Number.parseInt(version)).toBeGreaterThanOrEqual(Number(minimum));
  });

  it('ends with a user of its own, and a command that exists', () => {
    expect(text.slice(text.lastIndexOf('FROM '))).toMatch(/^USER 1000:1000$/m);
    const [, words = '[]'] = /^CMD (\[.*\])$/m.exec(text) ?? [];
    expect(isCommand(JSON.parse(words) as string[])).toBe(true);
    const [, check = '[]'] = /^HEALTHCHECK .* CMD (\[.*\])$/m.exec(text) ?? [];
    expect(isCommand((JSON.parse(check) as string[]).slice(1))).toBe(true);
  });

  it('copies only what is there and what .dockerignore lets through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .flatMap((line) => /^!(.+)$/.exec(line)?.[1] ?? []);
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
    expect(copied.length).toBeGreaterThan(5);
    for (const source of copied) {
      expect(allowed).toContain(source);
      expect(existsSync(inProject(source)), source).toBe(true);
    }
    expect(allowed.filter((name) => !copied.includes(name))).toEqual([]);
  });
});

const units = readdirSync(inProject('deploy/systemd'));
const serviceUnits = units.filter((unit) => unit.endsWith('.service'));
const analyze = findChecker('systemd-analyze');

describe('the systemd units', () => {
  it.each(serviceUnits)(
    '%s runs a command that exists with the installed configuration, as a user of its own',
    (unit) => {
      const [, words = ''] =
        /^ExecStart=\/usr\/bin\/node \/opt\/frameloop\/dist\/client\/main\.js (.+)$/m.exec(
          read(`deploy/systemd/${unit}`),
        ) ?? [];
      expect(isCommand(words.split(' '))).toBe(true);
      // As an option, since a variable may be taken away by the file with the secrets.
      expect(words).toMatch(/ --config \/etc\/frameloop\/config\.yaml$/);
      expect(read(`deploy/systemd/${unit}`)).toMatch(/^User=frameloop$/m);
    },
  );

  it.each(serviceUnits)('%s sets no variable that a copy of .env.example as its EnvironmentFile sets anew', (unit) => {
    const text = read(`deploy/systemd/${unit}`);
    const set = [...text.matchAll(/^Environment=(.+)$/gm)].flatMap(([, words = '']) =>
      words.split(' ').map((word) => word.replace(/=.*$/, '')),
    );
    const example = [...read('.env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    expect(set).toContain('NODE_ENV');
    expect(set.filter((name) => example.includes(name))).toEqual([]);
  });

  it('every timer has its service', () => {
    const timers = units.filter((unit) => unit.endsWith('.timer'));
    expect(timers).toEqual(['frameloop-gc.timer']);
    for (const timer of timers) expect(serviceUnits).toContain(timer.replace('.timer', '.service'));
  });

  it.skipIf(!analyze).each(units)('%s: systemd-analyze verify finds nothing (without it: skipped)', (unit) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'frameloop-unit-'));
    try {
      // All of them, for a timer names a service; and the program must be there, on this machine it may be elsewhere.
      for (const name of units) {
        writeFileSync(
          path.join(folder, name),
          read(`deploy/systemd/${name}`).replace('/usr/bin/node', process.execPath),
        );
      }
      const file = path.join(folder, unit);
      // A key that it does not know is worth a complaint to systemd, but no failure.
      const { status, stderr } = spawnSync(analyze ?? '', ['verify', '--man=no', file], { encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.skipIf(!analyze).each(serviceUnits)('%s is well closed in: systemd-analyze security says OK or better', (unit) => {
    const options = ['security', '--offline=yes', '--no-pager', '--threshold=20'];
    const said = execFileSync(analyze ?? '', [...options, inProject(`deploy/systemd/${unit}`)], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(said).toMatch(/Overall exposure level .*(OK|SAFE)/);
  });
});
