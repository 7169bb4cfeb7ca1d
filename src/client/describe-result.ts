import type { BoxChanges, RoundResult } from '../activities/types.js';

/** The counts of a round for people. */
export function describeResult(result: RoundResult): string {
  const { videos, frames, task, review, clean, dataset, training, report } = result;
  const lines = [`Round ${result.roundId}: ${result.state}. ${result.message}`];
  const row = (name: string, value: string) => lines.push(`  ${name.padEnd(15)}${value}`);
  row('videos', `${videos.processed} processed of ${videos.found} new`);
  for (const { video, code, message } of videos.failed) row('  failed', `${video}: ${message} [${code}]`);
  for (const { video, code, message } of videos.skipped) row('  skipped', `${video}: ${message} [${code}]`);
  row('frames', `${frames.sampled} sampled (${frames.withDetections} with detections), ${frames.selected} selected`);
  for (const { reason, count } of frames.rejected) row('  left out', `${count} ${reason}`);
  if (task) row('pre-labels', `${task.preLabels} boxes on ${task.frames} frames, task ${task.id}`);
  if (review) {
    const { kept, moved, relabelled, deleted, added } = review.changes;
    row('reviewed', `${review.reviewed} frames with labels, ${review.empty} empty, ${review.notReviewed} not reviewed`);
    row(
      'boxes changed',
      `${moved + relabelled + deleted + added} (${moved} moved, ${relabelled} relabelled, ${deleted} deleted, ${added} added), ${kept} kept`,
    );
    if (review.blind) row('blind frames', describeBlind(review.blind, review.changes));
    for (const warning of review.warnings) row('  warning', warning);
  }
  if (clean) {
    row('frames kept', `${clean.kept}`);
    for (const { reason, count } of clean.dropped) row('  dropped', `${count} ${reason.replaceAll('_', ' ')}`);
  }
  if (dataset) {
    const { train, val, test } = dataset.bySplit;
    row(
      'dataset',
      `${dataset.frames} frames, ${dataset.boxes} boxes (train ${train}, val ${val}${test ? `, test ${test}` : ''})`,
    );
    if (dataset.refused) row('  refused', `${dataset.refused} look like frames on another side of the split`);
    if (dataset.removed) row('  removed', `${dataset.removed} reviewed again and not wanted any more`);
    row('  version', dataset.version);
    row('  folder', dataset.folder);
  }
  if (report) {
    if ('failed' in report) row('report', `failed: ${report.failed.message} [${report.failed.code}]`);
    else row('report', report.file);
  }
  if (training) {
    if ('failed' in training) row('training', `failed: ${training.failed.message} [${training.failed.code}]`);
    else row('model', `${training.model} ${training.reason}`);
  }
  return lines.join('\n');
}

/** What people draw where they see no boxes, beside what they leave where they do: how much suggestions sway them. */
function describeBlind({ frames, changes }: { frames: number; changes: BoxChanges }, shown: BoxChanges): string {
  const upheld = ({ kept, moved, relabelled }: BoxChanges) => kept + moved + relabelled;
  const rate = (of: BoxChanges) => {
    const total = upheld(of) + of.deleted;
    return total === 0 ? 'none' : `${Math.round((100 * upheld(of)) / total)} %`;
  };
  const drawn = `people drew ${upheld(changes)} of the model's ${upheld(changes) + changes.deleted} boxes unprompted`;
  return `${frames}: ${drawn} (${rate(changes)}; where shown they left ${rate(shown)}), and ${changes.added} others`;
}
