import { describe, expect, it } from 'vitest';
import * as workflows from '../../src/workflows/index.js';
import { bundleWorkflows } from '../helpers/workflow-environment.js';

describe('the workflow bundle', () => {
  it('can be made, with nothing in it that the sandbox forbids, and has the four workflow types', async () => {
    const { code } = await bundleWorkflows();
    const types = Object.keys(workflows).sort();
    expect(types).toEqual(['ActiveLearningWorkflow', 'AnnotationWorkflow', 'VideoWorkflow', 'WebhookHintWorkflow']);
    for (const type of types) expect(code).toContain(`async function ${type}(`);
    expect(code).not.toContain('node_modules/zod');
  });
});
