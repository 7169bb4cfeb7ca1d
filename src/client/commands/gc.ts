import { existsSync } from 'node:fs';
import path from 'node:path';
import { openCatalog } from '../../catalog/index.js';
import { describeBytes } from '../../common/disk-space.js';
import { collectGarbage, planGarbage } from '../../housekeeping/index.js';
import { readContext, type CommonOptions } from '../context.js';
import { note, printResult, table } from '../output.js';

/** Shows what may go; with `--yes`, removes it. */
export async function gc(options: CommonOptions & { yes?: boolean }): Promise<void> {
  const config = await readContext(options);
  if (!existsSync(path.join(config.paths.data, 'catalog.sqlite'))) {
    const nothing = { removed: false, collect: [], left: [], bytes: { before: 0, after: 0 }, tooLarge: false };
    printResult(options.json, nothing, 'There is no round yet, so there is nothing to remove.');
    return;
  }
  const catalog = await openCatalog(config.paths.data);
  try {
    const plan = await planGarbage(config, catalog);
    const left = options.yes ? await collectGarbage(plan, catalog) : [];
    const removed = options.yes === true;
    const collect = plan.collect.filter((item) => !left.includes(item));
    const freed = collect.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const bytes = { before: plan.bytes.before, after: plan.bytes.before - freed };
    const rows = collect.map(({ kind, name, files, sizeBytes, ageSeconds, because }) => [
      ...[kind, name, `${files.length}`, describeBytes(sizeBytes), `${Math.floor(ageSeconds / 86_400)} d`, because],
    ]);
    const sentence = `${describeBytes(freed)} of ${describeBytes(bytes.before)}`;
    const text = [
      ...(rows.length > 0 ? [table([['KIND', 'NAME', 'FILES', 'SIZE', 'AGE', 'BECAUSE OF'], ...rows]), ''] : []),
      removed
        ? `Removed ${sentence}.`
        : `${sentence} can go.${rows.length > 0 ? ' Remove it with: frameloop gc --yes' : ''}`,
    ];
    printResult(options.json, { removed, collect, left, bytes, tooLarge: plan.tooLarge }, text.join('\n'));
    if (left.length > 0) note(`${left.length} of the items were left: a round took them up meanwhile.`);
    if (plan.tooLarge) note('That is still more than storage.max_size; the dataset and the open rounds need the rest.');
  } finally {
    await catalog.close();
  }
}
