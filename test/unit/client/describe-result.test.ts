import { describe, expect, it } from 'vitest';
import type { BoxChanges, RoundResult } from '../../../src/activities/types.js';
import { describeResult } from '../../../src/client/describe-result.js';

const changes = (more: Partial<BoxChanges>): BoxChanges => ({
  ...{ kept: 0, moved: 0, relabelled: 0, deleted: 0, added: 0 },
  ...more,
});

function resultWith(review: Partial<NonNullable<RoundResult['review']>>): RoundResult {
  return {
    ...{ roundId: 'r1', state: 'finished', message: '' },
    videos: { found: 1, processed: 1, failed: [], skipped: [] },
    frames: { sampled: 10, withDetections: 10, selected: 10, rejected: [] },
    review: {
      ...{ reviewed: 10, empty: 0, notReviewed: 0, boxes: 30, warnings: [] },
      changes: changes({ kept: 18, moved: 1, deleted: 1, added: 4 }),
      ...review,
    },
  };
}

describe('the result of a round, for people', () => {
  it('says what people drew in blind frames beside what they left where boxes were shown', () => {
    const blind = { frames: 3, changes: changes({ kept: 5, moved: 2, relabelled: 1, deleted: 2, added: 7 }) };
    // Shown: 19 of 20 boxes stayed. Blind: 8 of 10 were drawn.
    expect(describeResult(resultWith({ blind }))).toMatch(
      /blind frames +3: people drew 8 of the model's 10 boxes unprompted \(80 %; where shown they left 95 %\), and 7 others/,
    );
  });

  it('has shares of nothing nowhere', () => {
    const blind = { frames: 1, changes: changes({ added: 2 }) };
    const text = describeResult(resultWith({ blind, changes: changes({}) }));
    expect(text).toContain("people drew 0 of the model's 0 boxes unprompted");
    expect(text).not.toContain('NaN');
  });

  it('says nothing of blind frames where there were none', () => {
    expect(describeResult(resultWith({}))).not.toContain('blind');
  });
});
