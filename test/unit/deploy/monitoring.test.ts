import { execa } from 'execa';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findChecker } from '../../helpers/checkers.js';
import { temporaryFolder } from '../../helpers/programs.js';
import { inProject, read } from '../docs/files.js';

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { uid: string };
  targets?: { refId: string; expr: string }[];
}

const promtool = findChecker('promtool');
const without = promtool === undefined ? ' (skipped: there is no promtool; the Debian package prometheus has it)' : '';

describe.skipIf(promtool === undefined)(`the alert rules${without}`, () => {
  it('are accepted by promtool, and fire when they should and not before', async () => {
    const rules = inProject('deploy/prometheus/alerts.yml');
    expect((await execa(promtool ?? '', ['check', 'rules', rules])).stdout).toContain('SUCCESS');
    const tests = inProject('deploy/prometheus/alerts.test.yml');
    expect((await execa(promtool ?? '', ['test', 'rules', tests])).exitCode).toBe(0);
  });
});

describe('the dashboard', () => {
  const dashboard = JSON.parse(read('deploy/grafana/frameloop.json')) as {
    id?: number;
    uid: string;
    templating: { list: { name: string; allValue?: string }[] };
    panels: Panel[];
  };
  const { panels } = dashboard;

  it('can be imported anywhere: no id of its own, the data source is asked for', () => {
    expect(dashboard.id).toBeUndefined();
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'job', 'instance']);
    const sources = panels.filter(({ type }) => type !== 'row').map(({ datasource }) => datasource?.uid);
    expect(new Set(sources)).toEqual(new Set(['${datasource}']));
    const variables = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => expr.match(/\$\w+/g) ?? []));
    expect([...new Set(variables)].sort()).toEqual(['$__rate_interval', '$instance', '$job']);
  });

  const checker = findChecker('grafana-dashboard-check');
  it.skipIf(!checker)(
    "is as Grafana's schema wants it (skipped without the checker of scripts/ci/checkers.sh)",
    async () => {
      const check = (file: string) => execa(checker ?? '', [file], { reject: false });
      expect((await check(inProject('deploy/grafana/frameloop.json'))).stderr).toBe('');
      const { folder, remove } = await temporaryFolder('dashboard');
      try {
        const file = path.join(folder, 'wrong.json');
        await writeFile(file, read('deploy/grafana/frameloop.json').replace('"gridPos"', '"gridPso"'));
        expect((await check(file)).stderr).toContain("unexpected field 'gridPso'");
      } finally {
        await remove();
      }
    },
  );

  it('has panels with a title, an explanation and a query each, side by side', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = new Map<string, string>();
    for (const { type, title, description, targets = [], gridPos } of panels) {
      const { x, y, w, h } = gridPos;
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          expect(cells.get(`${column} ${line}`), `${title} lies on`).toBeUndefined();
          cells.set(`${column} ${line}`, title);
        }
      }
      if (type === 'row') continue;
      expect(description, title).toMatch(/\.$/);
      expect(targets.length, title).toBeGreaterThan(0);
    }
  });

  /** What a panel asks when everything is chosen: Grafana writes `allValue`, or all that the variable's query brings. */
  function asked(title: string): string {
    const all = (name: string, values: string[]) =>
      dashboard.templating.list.find((each) => each.name === name)?.allValue ?? `(${values.join('|')})`;
    const expr = panels.find((panel) => panel.title === title)?.targets?.[0]?.expr ?? '';
    return expr.replaceAll('$job', all('job', ['frameloop'])).replaceAll('$instance', all('instance', ['a', 'b']));
  }

  it.skipIf(promtool === undefined)(`counts no target of others, and every failed round once${without}`, async () => {
    const failed = (instance: string, values: string) => {
      return { series: `frameloop_rounds{job="frameloop", instance="${instance}", state="failed"}`, values };
    };
    // Two workers of one host, a foreign target; one round failed long ago, one within the day.
    const series = [
      { series: 'up{job="frameloop", instance="a"}', values: '1x1500' },
      { series: 'up{job="frameloop", instance="b"}', values: '1x1500' },
      { series: 'up{job="node", instance="a"}', values: '1x1500' },
      failed('a', '1x100 2x1400'),
      failed('b', '1x100 2x1400'),
      { series: 'frameloop_rounds_ended_total{job="frameloop", instance="a", state="failed"}', values: '_x100 1x1400' },
    ];
    const holds = (title: string, value: number) => {
      return { expr: asked(title), eval_time: '1440m', exp_samples: [{ labels: '{}', value }] };
    };
    const tests = [
      {
        ...{ interval: '1m', input_series: series },
        promql_expr_test: [holds('Workers up', 2), holds('Failed rounds, 24 h', 1)],
      },
    ];
    const { folder, remove } = await temporaryFolder('dashboard');
    try {
      const file = path.join(folder, 'panels.yml');
      await writeFile(file, JSON.stringify({ tests }));
      const { all } = await execa(promtool ?? '', ['test', 'rules', file], { reject: false, all: true });
      expect(all).toMatch(/SUCCESS\s*$/);
    } finally {
      await remove();
    }
  });

  it.skipIf(promtool === undefined)(`has queries that are PromQL${without}`, async () => {
    const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const rules = queries.map((query, index) => {
      return { record: `panel${index}`, expr: query.replaceAll('$__rate_interval', '5m') };
    });
    const { folder, remove } = await temporaryFolder('dashboard');
    try {
      const file = path.join(folder, 'queries.yml');
      await writeFile(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
      expect((await execa(promtool ?? '', ['check', 'rules', file])).stdout).toContain(`${rules.length} rules found`);
    } finally {
      await remove();
    }
  });
});
