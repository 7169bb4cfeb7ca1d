import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { read } from '../docs/files.js';

interface Service {
  image: string;
  profiles?: string[];
  ports?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
  entrypoint?: string[];
  healthcheck?: { test: string[] };
  restart?: string;
  logging?: { driver: string; options: Record<string, string> };
  depends_on?: Record<string, { condition: string }>;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const file = path.join(root, 'temporal-docker-compose.yml');
const text = readFileSync(file, 'utf8');
const compose = parse(text) as { services: Record<string, Service>; volumes: Record<string, unknown> };
const services = Object.entries(compose.services);

/** The services in an order in which they can start; throws for a circle. */
function startOrder(): string[] {
  const order: string[] = [];
  const visit = (name: string, path: string[]): void => {
    if (path.includes(name)) throw new Error(`circle: ${[...path, name].join(' → ')}`);
    if (order.includes(name)) return;
    Object.keys(compose.services[name]?.depends_on ?? {}).forEach((before) => visit(before, [...path, name]));
    order.push(name);
  };
  services.forEach(([name]) => visit(name, []));
  return order;
}

/** Runs once and ends: restarted only when it failed. */
const isOneShot = (service: Service | undefined) => service?.restart?.startsWith('on-failure') === true;

describe('temporal-docker-compose.yml', () => {
  it.each(services)('%s: its image is pinned to a whole version', (_, { image }) => {
    expect(image).toMatch(/^[a-z/-]+:\d+\.\d+(\.\d+)?$/);
  });

  it('server and admin tools are of one version: they share the database schema', () => {
    const versions = services
      .map(([, { image }]) => /^temporalio\/(?:server|admin-tools):(.+)$/.exec(image)?.[1])
      .filter((version) => version !== undefined);
    expect(new Set(versions).size).toBe(1);
  });

  it.each(services.filter(([, { ports }]) => ports))(
    '%s: is reached from this machine only, unless somebody says otherwise',
    (_, { ports }) => {
      for (const port of ports ?? []) expect(port).toMatch(/^(\$\{[A-Z_]+:-127\.0\.0\.1:\d+\}|127\.0\.0\.1:\d+):\d+$/);
    },
  );

  it.each([
    ...services,
    ...Object.entries((parse(read('compose.production.yml'), { merge: true }) as typeof compose).services),
  ])('%s: its log cannot fill the disk', (_, { logging }) => {
    expect(logging).toEqual({ driver: 'json-file', options: { 'max-size': '20m', 'max-file': '5' } });
  });

  it('the port of the UI, which CVAT uses too, can be another one', () => {
    expect(compose.services['temporal-ui']?.ports).toEqual(['${TEMPORAL_UI_BIND:-127.0.0.1:8080}:8080']);
  });

  it('server, UI and database start in an order that exists', () => {
    const order = startOrder();
    const inOrder = ['postgresql', 'temporal-schema', 'temporal', 'temporal-namespace'];
    expect(order.filter((name) => inOrder.includes(name))).toEqual(inOrder);
    expect(order.indexOf('temporal-ui')).toBeGreaterThan(order.indexOf('temporal'));
  });

  const edges = services.flatMap(([name, { depends_on: before = {} }]) =>
    Object.entries(before).map(([other, { condition }]) => [name, other, condition] as const),
  );

  it.each(edges)('%s waits for %s (%s), which can come true', (_, other, condition) => {
    const service = compose.services[other];
    expect(service).toBeDefined();
    expect(service?.profiles).toBeUndefined();
    if (condition === 'service_healthy') expect(service?.healthcheck?.test.length).toBeGreaterThan(1);
    else {
      expect(condition).toBe('service_completed_successfully');
      expect(isOneShot(service)).toBe(true);
    }
  });

  it('every variable has a default, so that it starts without any configuration', () => {
    // `$$` reaches the container as `$`: it is a variable of the shell in there.
    const variables = text.replaceAll('$$', '').match(/\$\{[^}]*\}|\$\w+/g) ?? [];
    expect(variables.length).toBeGreaterThan(0);
    for (const variable of variables) expect(variable).toMatch(/^\$\{[A-Z_]+:-[^}]+\}$/);
  });

  it('names the variables that can be set in its head', () => {
    const names = new Set([...text.matchAll(/\$\{([A-Z_]+):-/g)].map(([, name]) => name ?? ''));
    const head = text.slice(0, text.indexOf('\nservices:'));
    for (const name of names) expect(head).toContain(name);
  });

  it('data lies in named volumes, and every volume is declared and used', () => {
    const named = services
      .flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''))
      .filter((source) => !source.startsWith('.'));
    expect([...new Set(named)].sort()).toEqual(Object.keys(compose.volumes).sort());
    const database = Object.values(compose.services).find(({ image }) => image.startsWith('postgres:'));
    expect(database?.volumes).toEqual(['postgresql-data:/var/lib/postgresql/data']);
  });

  it('every folder and script of this project that it mounts or runs is there, and cannot be written to', () => {
    for (const [, { volumes = [], entrypoint = [] }] of services) {
      const mounts = volumes.map((volume) => volume.split(':')).filter(([source]) => source?.startsWith('.'));
      for (const [source = '', , mode] of mounts) {
        expect(existsSync(path.join(root, source)), source).toBe(true);
        expect(mode).toBe('ro');
      }
      for (const script of entrypoint.filter((part) => part.endsWith('.sh'))) {
        const [source, target = ''] = mounts.find(([, target = '-']) => script.startsWith(`${target}/`)) ?? [];
        expect(existsSync(path.join(root, source ?? '', script.slice(target.length + 1))), script).toBe(true);
      }
    }
  });

  it('the dynamic configuration is one that the server can read', () => {
    const mounted = compose.services.temporal?.environment?.DYNAMIC_CONFIG_FILE_PATH ?? '';
    const settings = parse(readFileSync(path.join(root, 'dynamicconfig', path.basename(mounted)), 'utf8')) as Record<
      string,
      { value: unknown; constraints?: object }[]
    >;
    for (const values of Object.values(settings)) expect(values.every((entry) => 'value' in entry)).toBe(true);
  });

  it('only the one-container server is kept out of a plain "up", and it needs no other service', () => {
    const inProfile = services.filter(([, { profiles }]) => profiles !== undefined);
    expect(inProfile.map(([name]) => name)).toEqual(['temporal-dev']);
    expect(compose.services['temporal-dev']?.profiles).toEqual(['dev']);
    expect(compose.services['temporal-dev']?.depends_on).toBeUndefined();
  });

  it('Docker Compose accepts it', ({ skip }) => {
    try {
      execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' });
    } catch {
      skip('Docker Compose is not installed');
    }
    execFileSync('docker', ['compose', '-f', file, '--profile', 'dev', 'config', '--quiet'], { stdio: 'pipe' });
  });
});

describe.skipIf(process.platform === 'win32')('the scripts that run in its containers', () => {
  it.each(['setup-schema.sh', 'create-namespace.sh'])('%s: a POSIX shell accepts it', (name) => {
    execFileSync('sh', ['-n', path.join(root, 'scripts/temporal', name)]);
  });
});
