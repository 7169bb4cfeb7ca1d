import type { defineSearchAttributeKey } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTool, projectRoot } from '../../src/tools/index.js';
import { searchAttributes } from '../../src/workflows/search-attributes.js';
import { createEnvironment } from '../helpers/workflow-environment.js';

/** Numbers of `temporal.api.enums.v1.IndexedValueType`. */
const types: Record<ReturnType<typeof defineSearchAttributeKey>['type'], number> = {
  ...{ TEXT: 1, KEYWORD: 2, INT: 3, DOUBLE: 4, BOOL: 5, DATETIME: 6, KEYWORD_LIST: 7 },
};

describe.skipIf(process.platform === 'win32')('the script that prepares the namespace of the cluster', () => {
  let environment: TestWorkflowEnvironment;
  beforeAll(async () => {
    environment = await createEnvironment();
  });
  afterAll(() => environment.teardown());

  it('makes namespace and search attributes, and does nothing the second time', async () => {
    const namespace = 'made-by-script';
    const { path: cli } = await findTool('temporal');
    const run = () =>
      execa('sh', [path.join(projectRoot(), 'scripts/temporal/create-namespace.sh')], {
        env: {
          PATH: `${path.dirname(cli)}${path.delimiter}${process.env.PATH}`,
          TEMPORAL_ADDRESS: environment.address,
          TEMPORAL_NAMESPACE: namespace,
        },
      });
    await run();
    expect((await run()).stdout).toContain(`Namespace ${namespace} exists.`);

    const { operatorService } = environment.connection;
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const wanted = Object.values(searchAttributes).map(({ name, type }) => [name, types[type]]);
    expect(customAttributes).toMatchObject(Object.fromEntries(wanted));
  });
});
